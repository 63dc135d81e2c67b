import { expect, test } from "vitest";
import { MAX_LISTED_PROBLEMS } from "./limits.ts";
import { HttpProblem, problem } from "./problem.ts";

test("a problem document has what is known, and no other member", () => {
  expect(problem(413, "PAYLOAD_TOO_LARGE", "too much")).toStrictEqual({
    type: "urn:mcp-orchestrator:problem:payload-too-large",
    title: "Payload Too Large",
    status: 413,
    detail: "too much",
    code: "PAYLOAD_TOO_LARGE",
  });
  const errors = [{ index: 1, path: "a", message: "b" }];
  expect(problem(503, "OVERLOADED", "full", { instance: "/x", retryAfterSeconds: 3, errors })).toMatchObject({
    instance: "/x",
    retry_after_seconds: 3,
    errors,
  });
});

test("the title of an unknown status is general", () => {
  expect(problem(499, "X", "y").title).toBe("Error");
});

test.each([
  [MAX_LISTED_PROBLEMS, undefined],
  [MAX_LISTED_PROBLEMS + 1, 1],
  [1_000, 1_000 - MAX_LISTED_PROBLEMS],
])("of %i wrong fields as many as %s are left out", (count, omitted) => {
  const errors = Array.from({ length: count }, (_, index) => ({ index, path: "p", message: "m" }));
  const document = problem(422, "TASK_INVALID", "wrong", { errors });
  expect(document.errors).toEqual(errors.slice(0, MAX_LISTED_PROBLEMS));
  expect(document.errors_omitted).toBe(omitted);
});

test("a problem that is thrown is an error with its detail as message", () => {
  expect(new HttpProblem(404, "NOT_FOUND", "nothing")).toMatchObject({
    name: "HttpProblem",
    message: "nothing",
    options: {},
  });
});
