import { validatorCompiler } from "fastify-type-provider-zod";
import { expect, test } from "vitest";
import { z } from "zod";
import { AccountingChangedError, ConfigError, NotFoundError, RejectedError, ValidationError } from "../errors.ts";
import { problemOf } from "./errorMapping.ts";
import { HttpProblem } from "./problem.ts";

const fastifyError = (statusCode: number, code: string, message = "what is wrong") =>
  Object.assign(new Error(message), { statusCode, code });

test.for([
  [fastifyError(413, "FST_ERR_CTP_BODY_TOO_LARGE"), 413, "BODY_TOO_LARGE"],
  [fastifyError(415, "FST_ERR_CTP_INVALID_MEDIA_TYPE"), 415, "UNSUPPORTED_MEDIA_TYPE"],
  [fastifyError(400, "FST_ERR_CTP_INVALID_CONTENT_LENGTH"), 400, "BODY_LENGTH_MISMATCH"],
  [fastifyError(400, "FST_ERR_BAD_URL"), 400, "BAD_URL"],
  [fastifyError(414, "FST_ERR_MAX_PARAM_LENGTH"), 414, "URL_TOO_LONG"],
  [fastifyError(400, "FST_ERR_ANYTHING_ELSE"), 400, "BAD_REQUEST"],
  [fastifyError(499, ""), 499, "BAD_REQUEST"],
] as const)("%s becomes a problem with status %i and code %s", ([error, status, code]) => {
  expect(problemOf(error)).toMatchObject({ status, code, message: "what is wrong" });
});

test.for([fastifyError(500, "FST_ERR_X"), fastifyError(399, "FST_ERR_X"), new Error("a bug"), new ConfigError(["x"])])(
  "%s is a fault of the service",
  (error) => {
    expect(problemOf(error)).toBeUndefined();
  },
);

test("a problem is answered as it is", () => {
  const problem = new HttpProblem(418, "TEAPOT", "short and stout");
  expect(problemOf(problem)).toBe(problem);
});

test("errors of the service become problems that name what is wrong", () => {
  expect(problemOf(new NotFoundError("task", "t-1"))).toMatchObject({ status: 404, code: "NOT_FOUND" });
  expect(problemOf(new AccountingChangedError("ml regular", 1, 2))).toMatchObject({
    status: 409,
    code: "ACCOUNTING_CHANGED",
    message: expect.stringContaining("2 unaccounted"),
  });
  expect(problemOf(new ValidationError("ml", ["a is wrong", "b is missing"]))).toMatchObject({
    status: 422,
    code: "PAYLOAD_INVALID",
    options: {
      errors: [
        { path: "payload", message: "a is wrong" },
        { path: "payload", message: "b is missing" },
      ],
    },
  });
});

test("invalid fields of a request are listed with their paths", () => {
  const schema = z.object({ limit: z.int("no number"), filter: z.object({ type: z.string("no text") }) });
  const validate = validatorCompiler({ schema, method: "POST", url: "/" });
  const { error: validation } = validate({ limit: "x", filter: { type: 1 } }) as { error: unknown };
  expect(problemOf(Object.assign(new Error(), { validation }))).toMatchObject({
    ...{ status: 422, code: "REQUEST_INVALID" },
    options: {
      errors: [
        { path: "limit", message: "no number" },
        { path: "filter.type", message: "no text" },
      ],
    },
  });
});

test.for([
  [0, 1],
  [0.2, 1],
  [1, 1],
  [1.2, 2],
] as const)("a retry after %d s is announced as %i: whole seconds, at least one", ([seconds, announced]) => {
  const problem = problemOf(new RejectedError("overload", "ml", "full", seconds));
  expect(problem?.options.retryAfterSeconds).toBe(announced);
});
