import fc from "fast-check";
import type { FastifyInstance } from "fastify";
import { beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { RedisUnavailableError, RejectedError, TaskIdConflictError } from "../../errors.ts";
import { MAX_BATCH_TASKS } from "../../queue/task.ts";
import { RedisCommandError } from "../../redis/redisError.ts";
import { batchBodyBytes, MAX_PAYLOAD_DEPTH, singleBodyBytes } from "../limits.ts";
import { MAX_PAYLOAD_BYTES, MemoryService } from "../testing/memoryPorts.ts";

let service: MemoryService;
let server: FastifyInstance;
beforeEach(() => {
  service = new MemoryService();
  server = service.server();
});

const post = (url: string, body: unknown) =>
  server.inject({
    method: "POST",
    url,
    headers: { "content-type": "application/json" },
    payload: typeof body === "string" ? body : JSON.stringify(body),
  });
const single = (body: unknown) => post("/api/v1/tasks", body);
const batch = (tasks: unknown) => post("/api/v1/tasks/batch", { tasks });
const good = { type: "reasoning", payload: { prompt: "why?" } };

test("a task is accepted, with its location", async () => {
  const response = await single({ ...good, priority: 12 });
  expect(response.statusCode).toBe(202);
  expect(response.headers.location).toBe(`/api/v1/tasks/${response.json().task_id}`);
  expect(response.json()).toMatchObject({ type: "reasoning", lane: "express", status: "queued", duplicate: false });
  expect(service.submitted).toEqual([{ type: "reasoning", priority: 12, payloadJson: '{"prompt":"why?"}' }]);
});

test("a repeated submission with the same id is answered with 200 and enqueues nothing", async () => {
  const body = { ...good, task_id: "mine-1" };
  expect((await single(body)).statusCode).toBe(202);
  const again = await single(body);
  expect(again.statusCode).toBe(200);
  expect(again.json()).toMatchObject({ task_id: "mine-1", duplicate: true });
  expect(service.submitted).toHaveLength(1);
});

test("a different task with the same id is rejected with 409 and the differences", async () => {
  service.refusal = new TaskIdConflictError([
    { index: 1, taskId: "mine-1", differs: ["type", "payload"] },
    { index: 3, taskId: "mine-3", differs: ["priority"] },
  ]);
  const response = await batch([good]);
  expect(response.statusCode).toBe(409);
  expect(response.json()).toMatchObject({
    code: "TASK_ID_CONFLICT",
    errors: [
      { index: 1, path: "type", message: expect.stringContaining("mine-1") },
      { index: 1, path: "payload" },
      { index: 3, path: "priority", message: expect.stringContaining("mine-3") },
    ],
  });
});

test("any JSON value is stored exactly as sent", async () => {
  await fc.assert(
    fc.asyncProperty(fc.json({ maxDepth: 5 }), async (payload) => {
      service.submitted.length = 0;
      expect((await single(`{"type":"free","payload":${payload}}`)).statusCode).toBe(202);
      expect(service.submitted[0]?.payloadJson).toBe(payload);
    }),
    { numRuns: 500 },
  );
});

test.for([
  '{"__proto__":{"polluted":1}}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  "1e999",
  "-0",
  "12345678901234567890",
])("a payload of %s is stored unchanged and pollutes no prototype", async (payload) => {
  expect((await single(`{"type":"free","payload":${payload}}`)).statusCode).toBe(202);
  expect(service.submitted[0]?.payloadJson).toBe(payload);
  expect({}).not.toHaveProperty("polluted");
});

test.for([
  ["an unknown type", { type: "nope", payload: {} }, "type"],
  ["a type with the name of an inherited property", { type: "constructor", payload: {} }, "type"],
  ["a priority out of range", { ...good, priority: 101 }, "priority"],
  ["a priority that is not an integer", { ...good, priority: 1.5 }, "priority"],
  ["a missing payload", { type: "free" }, "payload"],
  ["a payload that violates its schema", { type: "reasoning", payload: { prompt: 1 } }, "payload.prompt"],
  ["an unknown field", { ...good, prio: 1 }, ""],
  ["an id with spaces", { ...good, task_id: "a b" }, "task_id"],
  ["an id that looks generated", { ...good, task_id: "ml.express.1-0" }, "task_id"],
  ["a negative delay", { ...good, delay_ms: -1 }, "delay_ms"],
  ["a body that is not an object", [good], ""],
  ["no body", "", ""],
] as const)("%s is rejected with 422 and the field", async ([, body, path]) => {
  const response = await single(body);
  expect(response.statusCode).toBe(422);
  expect(response.headers["content-type"]).toContain("application/problem+json");
  expect(response.json()).toMatchObject({ status: 422, code: "TASK_INVALID", instance: "/api/v1/tasks" });
  expect(response.json().errors[0].path).toBe(path);
  expect(service.submitted).toEqual([]);
  expect(service.invalid).toHaveLength(1);
});

test.for([
  ["no object", [1], [["", "must be an object"]]],
  ["nothing", null, [["", "must be an object"]]],
  ["no list of tasks", { tasks: { 0: good } }, [["tasks", "must be a list"]]],
  ["an empty list", { tasks: [] }, [["tasks", "must not be empty"]]],
  [
    "unknown fields",
    { a: 1, tasks: [good], b: 2 },
    [
      ["a", "unknown field"],
      ["b", "unknown field"],
    ],
  ],
] as const)("a batch that is %s is refused with what is wrong", async ([, body, expected]) => {
  const response = await post("/api/v1/tasks/batch", body);
  expect(response.json()).toMatchObject({ status: 422, code: "TASK_INVALID" });
  expect(response.json().errors).toEqual(
    expected.map(([path, message]) => ({ path, message: expect.stringContaining(message) })),
  );
  expect(service.invalid).toEqual(["unknown regular"]);
  expect(service.submitted).toEqual([]);
});

test("of one task, or of a batch around its tasks, ten wrong fields are listed", async () => {
  const many = Object.fromEntries(Array.from({ length: 15 }, (_, at) => [`field${at}`, at]));
  expect((await post("/api/v1/tasks/batch", { ...many, tasks: [good] })).json().errors).toHaveLength(10);
  const fields = Object.fromEntries(Object.keys(many).map((name) => [name, z.string()]));
  (service.types as Map<string, unknown>).set("wide", { schema: z.object(fields) });
  const errors = (await single({ type: "wide", payload: {} })).json().errors;
  expect(errors).toHaveLength(10);
  expect(errors[9].path).toBe("payload.field9");
});

test("a batch with one fault besides size is not only too large", async () => {
  const response = await batch([
    { type: "free", payload: "x".repeat(2_000) },
    { ...good, priority: -1 },
  ]);
  expect(response.json()).toMatchObject({ status: 422, errors: [{ index: 0 }, { index: 1 }] });
  const reverse = await batch([
    { ...good, priority: -1 },
    { type: "free", payload: "x".repeat(2_000) },
  ]);
  expect(reverse.json()).toMatchObject({ status: 422, errors: [{ index: 0 }, { index: 1 }] });
});

test("a task may have an id, a delay and a priority up to their limits", async () => {
  const task = { ...good, task_id: "x".repeat(128), delay_ms: 30 * 86_400_000, priority: 100 };
  expect((await single(task)).statusCode).toBe(202);
  expect(service.submitted).toEqual([
    {
      type: "reasoning",
      payloadJson: '{"prompt":"why?"}',
      taskId: task.task_id,
      delayMs: task.delay_ms,
      priority: 100,
    },
  ]);
  for (const wrong of [{ task_id: "x".repeat(129) }, { delay_ms: task.delay_ms + 1 }, { priority: 101 }]) {
    expect((await single({ ...task, ...wrong })).statusCode, JSON.stringify(wrong)).toBe(422);
  }
});

test("text of a client never becomes a metric label", async () => {
  await single({ type: "made-up-by-caller", payload: 1 });
  expect(service.invalid).toEqual(["unknown regular"]);
});

test.for(["{", '{"type":"free","payload":NaN}', '{"type":"free","payload":"\u0001"}'])(
  "invalid JSON (%s) is rejected with 400",
  async (body) => {
    const response = await single(body);
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({
      code: "INVALID_JSON",
      detail: expect.stringMatching(/^The body is not valid JSON: .+/),
    });
  },
);

test("invalid UTF-8 is rejected, not repaired", async () => {
  const payload = Buffer.from([...Buffer.from('{"type":"free","payload":"'), 0xff, ...Buffer.from('"}')]);
  const headers = { "content-type": "application/json" };
  const response = await server.inject({ method: "POST", url: "/api/v1/tasks", headers, payload });
  const detail = "The body is not valid UTF-8.";
  expect(response.json()).toMatchObject({ status: 400, code: "INVALID_JSON", detail });
  expect(service.submitted).toEqual([]);
});

test("a payload of exactly the limit is accepted, one byte more is rejected with 413", async () => {
  const ofBytes = (bytes: number) => ({ type: "free", payload: "é".repeat((bytes - 2) / 2) });
  expect((await single(ofBytes(1024))).statusCode).toBe(202);
  const response = await single(ofBytes(1026));
  expect(response.statusCode).toBe(413);
  expect(response.json()).toMatchObject({ code: "PAYLOAD_TOO_LARGE", errors: [{ path: "payload" }] });
  expect(service.submitted).toHaveLength(1);
});

test("a payload may be nested to the limit, one level more is rejected with 422", async () => {
  const nested = (levels: number) => `{"type":"free","payload":${"[".repeat(levels)}"]]"${"]".repeat(levels)}}`;
  expect((await single(nested(MAX_PAYLOAD_DEPTH))).statusCode).toBe(202);
  const response = await single(nested(MAX_PAYLOAD_DEPTH + 1));
  expect(response.statusCode).toBe(422);
  expect(response.json().errors).toEqual([{ path: "payload", message: expect.stringContaining("100 levels") }]);
  // Sibling arrays and brackets in strings do not count as nesting.
  expect((await single(`{"type":"free","payload":[${Array(200).fill("[]").join()}]}`)).statusCode).toBe(202);
  expect((await single(`{"type":"free","payload":"${"[".repeat(300)}"}`)).statusCode).toBe(202);
  expect(service.submitted).toHaveLength(3);
});

test.for([
  ["/api/v1/tasks", good, singleBodyBytes],
  ["/api/v1/tasks/batch", { tasks: [good] }, batchBodyBytes],
] as const)("a body of %s at the limit is accepted; one byte more is rejected with 413", async ([url, body, limit]) => {
  const atLimit = JSON.stringify(body).padEnd(limit(MAX_PAYLOAD_BYTES));
  expect((await post(url, atLimit)).statusCode).toBe(202);
  const response = await post(url, `${atLimit} `);
  expect(response.statusCode).toBe(413);
  expect(response.json()).toMatchObject({ code: "BODY_TOO_LARGE" });
  expect(service.submitted).toHaveLength(1);
});

test("a batch is accepted as a whole, in order", async () => {
  const tasks = Array.from({ length: MAX_BATCH_TASKS }, (_, n) => ({ type: "free", payload: n }));
  const response = await batch(tasks);
  expect(response.statusCode).toBe(202);
  expect(response.json()).toMatchObject({ accepted: MAX_BATCH_TASKS });
  expect(service.submitted.map(({ payloadJson }) => payloadJson)).toEqual(tasks.map(({ payload }) => String(payload)));
});

test("a batch says how many of its tasks are new", async () => {
  const mine = { ...good, task_id: "mine" };
  const response = await batch([mine, good, mine]);
  expect(response.json()).toMatchObject({
    accepted: 2,
    tasks: [{ duplicate: false }, { duplicate: false }, { duplicate: true }],
  });
});

test("each invalid task of a batch is reported with its index and nothing is enqueued", async () => {
  const response = await batch([
    good,
    { ...good, priority: -1 },
    { ...good, priority: 12 },
    { type: "nope", payload: 1, priority: 99 },
    7,
  ]);
  expect(response.statusCode).toBe(422);
  expect(response.json().errors).toEqual([
    { index: 1, path: "priority", message: expect.any(String) },
    { index: 3, path: "type", message: expect.stringContaining("reasoning, free") },
    { index: 4, path: "", message: expect.any(String) },
  ]);
  expect(service.submitted).toEqual([]);
  const regular = "reasoning regular";
  expect(service.invalid).toEqual([regular, regular, "reasoning express", "unknown express", "unknown regular"]);
});

test("a batch with only too large payloads is rejected with 413", async () => {
  const response = await batch([good, { type: "free", payload: "x".repeat(2000) }]);
  expect(response.statusCode).toBe(413);
  expect(response.json().errors).toEqual([
    { index: 1, path: "payload", message: expect.stringContaining("2002 bytes") },
  ]);
});

test("one task too many is rejected with 413, an empty batch and extra fields with 422", async () => {
  expect((await batch(Array(MAX_BATCH_TASKS + 1).fill(good))).json()).toMatchObject({
    status: 413,
    code: "BATCH_TOO_LARGE",
  });
  expect((await batch([])).statusCode).toBe(422);
  expect((await post("/api/v1/tasks/batch", { tasks: [good], mode: "fast" })).statusCode).toBe(422);
  expect(service.submitted).toEqual([]);
});

test("a long list of problems is truncated, with the number of omitted ones", async () => {
  const body = (await batch(Array(MAX_BATCH_TASKS).fill({}))).json();
  expect(body.errors.length + body.errors_omitted).toBeGreaterThanOrEqual(MAX_BATCH_TASKS);
  expect(body.errors.length).toBeLessThanOrEqual(200);
});

test.for([
  [new RejectedError("rate_limit", "reasoning", "limited", 1.2), 429, "2", "RATE_LIMITED"],
  [new RejectedError("overload", "reasoning", "full", 10), 503, "10", "OVERLOADED"],
  [new RedisUnavailableError("submission", new Error("refused")), 503, "5", "REDIS_UNAVAILABLE"],
  [new RedisCommandError("evalsha", "timeout", "no answer"), 503, "5", "REDIS_UNAVAILABLE"],
] as const)("a rejection has a Retry-After: %s", async ([refusal, status, retryAfter, code]) => {
  service.refusal = refusal;
  const response = await single(good);
  expect(response.statusCode).toBe(status);
  expect(response.headers["retry-after"]).toBe(retryAfter);
  expect(response.json()).toMatchObject({ status, code, retry_after_seconds: Number(retryAfter) });
  // What the queue rejects, the queue counts.
  expect(service.invalid).toEqual([]);
});

test.for([new Error("secret detail"), new RedisCommandError("evalsha", "reply", "ERR secret detail of a script")])(
  "a defect of the service is a 500 without details, and is logged: %s",
  async (fault) => {
    service.refusal = fault;
    const response = await single(good);
    expect(response.statusCode).toBe(500);
    expect(response.body).not.toContain("secret");
    expect(service.logged[0]?.message).toContain("secret detail");
  },
);

test("the state of a task is returned in snake_case, its result unchanged", async () => {
  service.views.set("mine", {
    taskId: "mine",
    type: "free",
    lane: "regular",
    status: "completed",
    attempts: 1,
    enqueuedAtMs: 1,
    finishedAtMs: 3,
    latencyMs: 2,
    resultJson: '{"camelCase": [{"innerKey": 1}]}',
  });
  const response = await server.inject("/api/v1/tasks/mine");
  expect(response.json()).toMatchObject({ task_id: "mine", latency_ms: 2, result: { camelCase: [{ innerKey: 1 }] } });
  expect((await server.inject("/api/v1/tasks/mine/explain")).json()).toMatchObject({
    task: { task_id: "mine" },
    ahead: { count: 1, at_least: false },
  });
});

test.for([
  ["/api/v1/tasks/none", 404],
  ["/api/v1/tasks/none/explain", 404],
  [`/api/v1/tasks/${"x".repeat(300)}`, 414],
] as const)("an unknown task is a problem: GET %s answers %i", async ([url, status]) => {
  const response = await server.inject(url);
  expect(response.headers["content-type"]).toContain("application/problem+json");
  expect(response.json()).toMatchObject({ status });
});
