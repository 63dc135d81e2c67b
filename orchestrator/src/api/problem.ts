import { STATUS_CODES } from "node:http";
import { MAX_LISTED_PROBLEMS } from "./limits.ts";

/** Media type of a problem document (RFC 9457). */
export const PROBLEM_TYPE = "application/problem+json";

/** A problem of one field. `index` is the position of the task in a batch. */
export type FieldProblem = { readonly index?: number; readonly path: string; readonly message: string };

/** A problem document. */
export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly instance?: string;
  readonly retry_after_seconds?: number;
  readonly errors?: readonly FieldProblem[];
  readonly errors_omitted?: number;
};

type ProblemOptions = {
  readonly instance?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly errors?: readonly FieldProblem[];
};

/**
 * Builds a problem document.
 *
 * @param code stable name of the problem for programs, such as `PAYLOAD_TOO_LARGE`; the `type` URI is derived from it
 */
export function problem(status: number, code: string, detail: string, options: ProblemOptions = {}): Problem {
  const { instance, retryAfterSeconds, errors } = options;
  return {
    type: `urn:mcp-orchestrator:problem:${code.toLowerCase().replaceAll("_", "-")}`,
    title: STATUS_CODES[status] ?? "Error",
    status,
    detail,
    code,
    ...(instance === undefined ? {} : { instance }),
    ...(retryAfterSeconds === undefined ? {} : { retry_after_seconds: retryAfterSeconds }),
    ...(errors === undefined ? {} : { errors: errors.slice(0, MAX_LISTED_PROBLEMS) }),
    ...(errors !== undefined && errors.length > MAX_LISTED_PROBLEMS
      ? { errors_omitted: errors.length - MAX_LISTED_PROBLEMS }
      : {}),
  };
}

/** A problem to answer a request with. Thrown only in the HTTP layer. */
export class HttpProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly options: ProblemOptions & { readonly headers?: Readonly<Record<string, string>> };

  constructor(
    status: number,
    code: string,
    detail: string,
    options: ProblemOptions & { readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(detail);
    this.name = "HttpProblem";
    this.status = status;
    this.code = code;
    this.options = options;
  }
}
