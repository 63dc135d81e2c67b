import { once } from "node:events";
import { request } from "node:http";
import { beforeEach, expect, test } from "vitest";
import { MemoryService } from "../testing/memoryPorts.ts";

const TOKEN = "correct-horse";
let service: MemoryService;
let server: ReturnType<MemoryService["server"]>;
beforeEach(() => {
  service = new MemoryService();
  server = service.server({ adminToken: TOKEN });
});

const letter = {
  id: "1-0",
  taskId: "t",
  type: "free",
  lane: "regular",
  reason: "upstream",
  error: "boom",
  attempts: 3,
  priority: 5,
  payloadJson: "1",
  stream: "mcp:queue:free",
  entryId: "1-1",
  failedAtMs: 1,
  history: [],
} as const;
const LOST = { type: "free", lane: "regular", count: 0 } as const;
const headers = { authorization: `Bearer ${TOKEN}`, "user-agent": "ops-script/1" };
const who = { address: "192.0.2.1", by: "token", agent: "ops-script/1" };
const send = (method: "GET" | "POST" | "PUT" | "DELETE", url: string, payload?: object) =>
  server.inject({ method, url, headers, remoteAddress: "192.0.2.1", ...(payload === undefined ? {} : { payload }) });

/** Every admin action: method, URL, body, name and subject. */
const ACTIONS = [
  ["POST", "/api/v1/admin/rate-limit/enable", { per_second: 5 }, "enableRateLimit", { per_second: 5 }],
  ["POST", "/api/v1/admin/rate-limit/disable", undefined, "disableRateLimit", {}],
  ["POST", "/api/v1/admin/express-bypass/enable", undefined, "enableExpressBypass", {}],
  ["POST", "/api/v1/admin/express-bypass/disable", undefined, "disableExpressBypass", {}],
  ["POST", "/api/v1/admin/types/free/pause", undefined, "pauseType", { type: "free" }],
  ["POST", "/api/v1/admin/types/free/resume", undefined, "resumeType", { type: "free" }],
  ["POST", "/api/v1/admin/workers/scale", { type: "free", count: 3 }, "scaleWorkers", { type: "free", count: 3 }],
  ["PUT", "/api/v1/admin/log-level", { level: "debug" }, "setLogLevel", { level: "debug" }],
  ["POST", "/api/v1/admin/books/write-off", LOST, "writeOffTasks", LOST],
  ["POST", "/api/v1/admin/dlq/1-0/retry", undefined, "retryDeadLetter", { id: "1-0" }],
  ["POST", "/api/v1/admin/dlq/retry", { type: "free" }, "retryDeadLetters", { type: "free" }],
  ["POST", "/api/v1/admin/dlq/discard", { all: true }, "discardDeadLetters", { all: true }],
  ["DELETE", "/api/v1/admin/dlq/1-0", undefined, "discardDeadLetter", { id: "1-0" }],
] as const;

test.for(ACTIONS)(
  "%s %s writes a line with caller, action, subject and result",
  async ([method, url, body, action, on]) => {
    service.deadLetters.set("1-0", letter);
    const response = await send(method, url, body);
    expect(response.statusCode).toBeLessThan(300);
    const result = response.body === "" ? {} : { result: response.json() };
    expect(service.audited).toEqual([{ action, who, on, status: response.statusCode, outcome: "done", ...result }]);
  },
);

test("an action on the subject of its path names it, although a body names another", async () => {
  const response = await send("POST", "/api/v1/admin/types/free/pause", { type: "checked", note: "mine" });
  expect(response.json()).toEqual({ type: "free", paused: true });
  expect(service.audited).toMatchObject([{ action: "pauseType", on: { type: "free", note: "mine" } }]);
});

test("the table above has every admin action", async () => {
  const { paths } = (await server.inject("/openapi.json")).json();
  const operations = Object.entries<Record<string, { operationId: string }>>(paths)
    .filter(([path]) => path.startsWith("/api/v1/admin/"))
    .flatMap(([, methods]) => Object.entries(methods))
    .filter(([method]) => method !== "get")
    .map(([, { operationId }]) => operationId);
  expect(ACTIONS.map(([, , , action]) => action).toSorted()).toEqual(operations.toSorted());
});

test("an action whose client disconnects before the answer writes a line", async () => {
  const asked = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  const discardWhere = async () => {
    asked.resolve();
    await left.promise;
    return 7;
  };
  Object.assign(service.ports.deadLetters, { discardWhere });
  const url = await server.listen({ port: 0, host: "127.0.0.1" });
  const client = new AbortController();
  const asking = fetch(`${url}/api/v1/admin/dlq/discard`, {
    ...{ method: "POST", body: '{"all":true}', signal: client.signal },
    headers: { ...headers, "content-type": "application/json" },
  });
  await asked.promise;
  client.abort();
  await expect(asking).rejects.toThrow("abort");
  await expect.poll(() => service.counted).toEqual(["admin aborted"]);
  left.resolve();
  await expect
    .poll(() => service.audited)
    .toEqual([
      {
        ...{ action: "discardDeadLetters", on: { all: true }, status: 200, outcome: "done", result: { discarded: 7 } },
        who: { ...who, address: "127.0.0.1" },
      },
    ]);
  await server.close();
});

test("without a token, in development, the caller is its address; one that sends nothing about itself is known too", async () => {
  server = service.server();
  const url = await server.listen({ port: 0, host: "127.0.0.1" });
  const client = request(`${url}/api/v1/admin/types/free/pause`, { method: "POST" }).end();
  const [response] = await once(client, "response");
  expect(response.statusCode).toBe(200);
  await server.inject({ url: "/api/v1/admin/rate-limit", remoteAddress: "192.0.2.1" });
  expect(service.audited).toMatchObject([
    { action: "pauseType", status: 200 },
    { action: "getRateLimit", status: 403, who: { address: "192.0.2.1", by: "refused" } },
  ]);
  expect(service.audited[0]).toHaveProperty("who", { address: "127.0.0.1", by: "address" });
  response.resume();
  await server.close();
});

test("failed and denied requests write a line too, reads do not", async () => {
  await send("POST", "/api/v1/admin/types/nope/pause");
  await send("POST", "/api/v1/admin/workers/scale", { type: "free", count: "x".repeat(2_000) });
  await send("GET", "/api/v1/admin/rate-limit");
  await server.inject({
    url: "/api/v1/admin/rate-limit",
    headers: { authorization: "Bearer no", "x-forwarded-for": "9" },
  });
  expect(service.audited).toEqual([
    { action: "pauseType", who, on: { type: "nope" }, status: 404, outcome: "NOT_FOUND" },
    {
      action: "scaleWorkers",
      who,
      on: { body: expect.stringMatching(/^.{200}$/) },
      status: 422,
      outcome: "REQUEST_INVALID",
    },
    {
      action: "getRateLimit",
      who: { address: "127.0.0.1", by: "refused", agent: expect.any(String), forwarded: "9" },
      on: {},
      status: 401,
      outcome: "UNAUTHORIZED",
    },
  ]);
  expect(JSON.stringify(service.audited)).not.toContain(TOKEN);
});

test("a request to a host that is not allowed writes a line with its address", async () => {
  server = service.server({ adminToken: TOKEN, allowedHosts: ["tasks.example"] });
  await send("POST", "/api/v1/admin/types/free/pause");
  expect(service.audited).toEqual([
    { action: "pauseType", who, on: { type: "free" }, status: 421, outcome: "HOST_NOT_ALLOWED" },
  ]);
});

test("longer texts of a caller are cut at 200 characters, and a body that is not an object is kept as text", async () => {
  const long = (length: number) => ({ a: "x".repeat(length - '{"a":""}'.length) });
  const url = "/api/v1/admin/workers/scale";
  for (const payload of [long(200), long(201)]) await send("POST", url, payload);
  const text = { ...headers, "content-type": "application/json" };
  await server.inject({ method: "POST", url, headers: text, payload: '"text"' });
  await server.inject({
    ...{ method: "POST", url, payload: "null" },
    headers: { ...text, "user-agent": "u".repeat(201), "x-forwarded-for": "9".repeat(201) },
  });
  const cut = expect.objectContaining({ agent: "u".repeat(200), forwarded: "9".repeat(200) });
  expect(service.audited).toEqual([
    expect.objectContaining({ on: long(200) }),
    expect.objectContaining({ on: { body: JSON.stringify(long(201)).slice(0, 200) } }),
    expect.objectContaining({ on: { body: '"text"' } }),
    expect.objectContaining({ on: {}, who: cut }),
  ]);
});
