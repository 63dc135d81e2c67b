import { connect } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { NotFoundError, RedisUnavailableError, RejectedError, TaskIdConflictError } from "../errors.ts";
import { MemoryService } from "./testing/memoryPorts.ts";

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
] as const)("a submission that ends with %s is counted as %s and timed as %s", async ([refusal, cause, outcome]) => {
  service.refusal = refusal;
  await server.inject({ method: "POST", url: "/api/v1/tasks", payload: good });
  await server.inject({ method: "POST", url: "/api/v1/tasks/batch", payload: { tasks: [good] } });
  expect(service.counted).toEqual([`submit ${cause}`, `submit_batch ${cause}`]);
  expect(service.submissionSeconds).toEqual([
    [outcome, expect.any(Number)],
    [outcome, expect.any(Number)],
  ]);
  for (const [, seconds] of service.submissionSeconds) expect(seconds).toBeGreaterThan(0);
});

test.for([
  ["POST", "/api/v1/tasks", "submit invalid"],
  ["GET", "/api/v1/tasks/none", "task not_found"],
  ["GET", "/api/v1/tasks/none/explain", "task not_found"],
  ["GET", "/api/v1/dlq", "dlq none"],
  ["GET", "/api/v1/queues", "state none"],
  ["GET", "/api/v1/workers/status", "state none"],
  ["GET", "/api/v1/admin/log-level", "admin denied"],
  ["GET", "/healthz", "probe none"],
  ["GET", "/metrics", "metrics none"],
  ["GET", "/openapi.json", "other none"],
  ["GET", "/made/up/by/a/caller", "other not_found"],
  ["DELETE", "/api/v1/tasks", "other not_found"],
] as const)("%s %s is counted as %s", async ([method, url, counted]) => {
  await server.inject({ method, url });
  expect(service.counted).toEqual([counted]);
  expect(service.submissionSeconds).toHaveLength(counted.startsWith("submit") ? 1 : 0);
});

test("a replica that is not ready and a missing thing are distinguished", async () => {
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
] as const)("a client of %s that goes away before its answer is counted once", async ([route, request]) => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<never>();
  const hold = () => {
    asked.resolve();
    return answer.promise;
  };
  Object.assign(service.ports.metrics, { render: hold });
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

test("a client that speaks no HTTP is counted", async () => {
  await server.listen({ port: 0, host: "127.0.0.1" });
  const { port } = server.server.address() as { port: number };
  const socket = connect(port, "127.0.0.1", () => socket.write("HELLO\r\n\r\n"));
  await expect.poll(() => service.counted).toEqual(["other invalid"]);
});
