import type { FastifyError } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import {
  AccountingChangedError,
  NotFoundError,
  OrchestratorError,
  RedisUnavailableError,
  RejectedError,
  TaskIdConflictError,
  ValidationError,
} from "../errors.ts";
import { isUnavailable } from "../redis/redisError.ts";
import { HttpProblem } from "./problem.ts";

/** After this time, Redis has usually restarted or failed over. */
const REDIS_RETRY_AFTER_SECONDS = 5;

/** Stable codes for errors of Fastify itself. */
const FASTIFY_CODES: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "BODY_TOO_LARGE",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "UNSUPPORTED_MEDIA_TYPE",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "BODY_LENGTH_MISMATCH",
  FST_ERR_BAD_URL: "BAD_URL",
  FST_ERR_MAX_PARAM_LENGTH: "URL_TOO_LONG",
};

/** Converts a thrown value to the problem to answer with; undefined for a defect of the service. */
export function problemOf(error: unknown): HttpProblem | undefined {
  if (error instanceof HttpProblem) return error;
  if (isUnavailable(error)) return ofService(new RedisUnavailableError("a request", error));
  if (error instanceof OrchestratorError) return ofService(error);
  if (hasZodFastifySchemaValidationErrors(error)) {
    const errors = error.validation.map((issue) => ({
      path: issue.instancePath.replace(/^\//, "").replaceAll("/", "."),
      message: issue.message ?? "invalid",
    }));
    return new HttpProblem(422, "REQUEST_INVALID", "The request has invalid fields.", { errors });
  }
  const { statusCode, code, message } = error as Partial<FastifyError>;
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new HttpProblem(statusCode, FASTIFY_CODES[code ?? ""] ?? "BAD_REQUEST", message ?? "Bad request");
  }
  return undefined;
}

function ofService(error: OrchestratorError): HttpProblem | undefined {
  if (error instanceof RejectedError) {
    const retryAfterSeconds = Math.max(1, Math.ceil(error.retryAfterSeconds));
    return new HttpProblem(error.reason === "rate_limit" ? 429 : 503, error.code, error.message, {
      retryAfterSeconds,
    });
  }
  if (error instanceof RedisUnavailableError) {
    return new HttpProblem(503, error.code, "Redis is not available: no change has been confirmed.", {
      retryAfterSeconds: REDIS_RETRY_AFTER_SECONDS,
    });
  }
  if (error instanceof NotFoundError) return new HttpProblem(404, error.code, error.message);
  if (error instanceof TaskIdConflictError) {
    const errors = error.conflicts.flatMap(({ index, taskId, differs }) =>
      differs.map((path) => ({
        index,
        path,
        message: `differs from the existing task ${taskId}`,
      })),
    );
    return new HttpProblem(409, error.code, error.message, { errors });
  }
  if (error instanceof AccountingChangedError) return new HttpProblem(409, error.code, error.message);
  if (error instanceof ValidationError) {
    const errors = error.issues.map((message) => ({ path: "payload", message }));
    return new HttpProblem(422, error.code, error.message, { errors });
  }
  return undefined;
}
