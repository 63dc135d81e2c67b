import { connect } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { NotFoundError, RedisUnavailableError, RejectedError, TaskIdConflictError } from "../../errors.ts";
import { MemoryService } from "../testing/memoryPorts.ts";
import { causeOf } from "./requestCounts.ts";

let service: MemoryService;
let server: ReturnType<MemoryService["server"]>;
beforeEach(() => {
  service = new MemoryService();
  server = service.server({ adminToken: "secret" });
});
afterEach(() => server.close());

const good = { type: "free", payload: 1 };

test.for([
  [undefined, "none", "ok"],
  [new RejectedError("rate_limit", "free", "limited", 1), "rate_limit", "rejected"],
  [new RejectedError("overload", "free", "full", 1), "overload", "error"],
  [new RedisUnavailableError("submission", new Error("NOPERM")), "redis", "error"],
  [new TaskIdConflictError([]), "conflict", "rejected"],
  [new Error("a bug"), "internal", "error"],
] as const)("a submission that ends with %s counts as %s, with a duration as %s", async ([refusal, cause, outcome]) => {
  service.refusal = refusal;
  const startMs = performance.now();
  await server.inject({ method: "POST", url: "/api/v1/tasks", payload: good });
  await server.inject({ method: "POST", url: "/api/v1/tasks/batch", payload: { tasks: [good] } });
  expect(service.counted).toEqual([`submit ${cause}`, `submit_batch ${cause}`]);
  expect(service.submissionSeconds).toEqual([
    [outcome, expect.any(Number)],
    [outcome, expect.any(Number)],
  ]);
  const mostSeconds = (performance.now() - startMs) / 1_000;
  for (const [, seconds] of service.submissionSeconds) {
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(mostSeconds);
  }
});

test.for([
  ["POST", "/api/v1/tasks", "submit invalid"],
  ["GET", "/api/v1/tasks/none", "task not_found"],
  ["GET", "/api/v1/tasks/none/explain", "task not_found"],
  ["GET", "/api/v1/dlq", "dlq none"],
  ["GET", "/api/v1/dlq/1-0", "dlq not_found"],
  ["GET", "/api/v1/queues", "state none"],
  ["GET", "/api/v1/workers/status", "state none"],
  ["GET", "/api/v1/admin/log-level", "admin denied"],
  ["GET", "/healthz", "probe none"],
  ["GET", "/metrics", "metrics none"],
  ["GET", "/openapi.json", "other none"],
  ["GET", "/made/up/by/a/caller", "other not_found"],
  ["DELETE", "/api/v1/tasks", "other not_found"],
] as const)("%s %s counts as %s", async ([method, url, counted]) => {
  await server.inject({ method, url });
  expect(service.counted).toEqual([counted]);
  expect(service.submissionSeconds).toHaveLength(counted.startsWith("submit") ? 1 : 0);
});

test.for([
  [200, "", "none"],
  [399, "", "none"],
  [400, "BAD_REQUEST", "invalid"],
  [401, "UNAUTHORIZED", "denied"],
  [403, "FORBIDDEN", "denied"],
  [404, "NOT_FOUND", "not_found"],
  [405, "METHOD_NOT_ALLOWED", "not_found"],
  [408, "REQUEST_TIMEOUT", "slow_client"],
  [409, "TASK_ID_CONFLICT", "conflict"],
  [413, "BODY_TOO_LARGE", "invalid"],
  [421, "HOST_NOT_ALLOWED", "denied"],
  [422, "TASK_INVALID", "invalid"],
  [429, "RATE_LIMITED", "rate_limit"],
  [499, "", "invalid"],
  [500, "INTERNAL", "internal"],
  [503, "OVERLOADED", "overload"],
  [503, "REDIS_UNAVAILABLE", "redis"],
  [503, "SHUTTING_DOWN", "shutdown"],
  [503, "", "not_ready"],
] as const)("an answer with status %i and code %j counts as %s", ([status, code, cause]) => {
  expect(causeOf(status, code)).toBe(cause);
});

test("an answer `not ready` and an answer `not found` have different causes", async () => {
  service.ready = false;
  await server.inject("/readyz");
  Object.assign(service.ports.lookup, { find: () => Promise.reject(new NotFoundError("task", "x")) });
  await server.inject("/api/v1/tasks/x");
  expect(service.counted).toEqual(["probe not_ready", "task not_found"]);
});

test.for([
  ["metrics", "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"],
  [
    "submit",
    `POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${JSON.stringify(good).length}\r\n\r\n${JSON.stringify(good)}`,
  ],
] as const)("a client of %s that disconnects before its answer is counted once", async ([route, request]) => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<never>();
  const hold = () => {
    asked.resolve();
    return answer.promise;
  };
  Object.assign(service.ports.metrics, { scrape: hold });
  Object.assign(service.ports.submission, { submit: hold });
  await server.listen({ port: 0, host: "127.0.0.1" });
  const { port } = server.server.address() as { port: number };
  const socket = connect(port, "127.0.0.1", () => socket.write(request));
  await asked.promise;
  socket.destroy();
  await expect.poll(() => service.counted).toEqual([`${route} aborted`]);
  answer.reject(new Error("late"));
  await server.close();
  expect(service.counted).toEqual([`${route} aborted`]);
});

test("a client that does not speak HTTP is counted", async () => {
  await server.listen({ port: 0, host: "127.0.0.1" });
  const { port } = server.server.address() as { port: number };
  const socket = connect(port, "127.0.0.1", () => socket.write("HELLO\r\n\r\n"));
  await expect.poll(() => service.counted).toEqual(["other invalid"]);
});
