import type { z } from "zod";
import { BUNDLE_SCHEMA, type Bundle } from "./schema.ts";

/** A problem with one setting: its path, and a sentence. */
export type BundleProblem = { readonly path: string; readonly message: string };

/** A configuration is invalid; every problem is listed. */
export class BundleError extends Error {
  readonly code = "BUNDLE_INVALID";
  /** Path of the configuration. */
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
 * Completes an operator's configuration with the defaults.
 *
 * @param source path of the configuration, for errors
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
