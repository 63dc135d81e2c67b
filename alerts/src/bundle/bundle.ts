import type { z } from "zod";
import { BUNDLE_SCHEMA, type Bundle } from "./schema.ts";

/** What is wrong with one setting: its path, and a sentence. */
export type BundleProblem = { readonly path: string; readonly message: string };

/** A configuration cannot be used; every problem is listed. */
export class BundleError extends Error {
  readonly code = "BUNDLE_INVALID";
  /** Where the configuration came from. */
  readonly subject: string;
  readonly problems: readonly BundleProblem[];

  constructor(source: string, problems: readonly BundleProblem[]) {
    const lines = problems.map(({ path, message }) => `  ${path}: ${message}`);
    super(`${source} has ${problems.length} problem${problems.length === 1 ? "" : "s"}:\n${lines.join("\n")}`);
    this.name = "BundleError";
    this.subject = source;
    this.problems = problems;
  }
}

/**
 * Completes what an operator wrote with the defaults.
 *
 * @param source named in the error: where the configuration came from
 * @throws BundleError with every problem, not only the first
 */
export function resolveBundle(config: unknown, source = "bundle.config.ts"): Bundle {
  const result = BUNDLE_SCHEMA.safeParse(config);
  if (result.success) return result.data;
  throw new BundleError(source, result.error.issues.flatMap(problemsOf));
}

function problemsOf(issue: z.core.$ZodIssue): BundleProblem[] {
  const path = issue.path.join(".");
  if (issue.code !== "unrecognized_keys") return [{ path: path || "(the whole)", message: issue.message }];
  return issue.keys.map((key) => ({ path: path === "" ? key : `${path}.${key}`, message: "is not a setting" }));
}
