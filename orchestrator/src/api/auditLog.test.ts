import { beforeEach, expect, test } from "vitest";
import { MemoryService } from "./testing/memoryPorts.ts";

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
const headers = { authorization: `Bearer ${TOKEN}`, "user-agent": "ops-script/1" };
const who = { address: "192.0.2.1", by: "token", agent: "ops-script/1" };
const send = (method: "GET" | "POST" | "PUT" | "DELETE", url: string, payload?: object) =>
  server.inject({ method, url, headers, remoteAddress: "192.0.2.1", ...(payload === undefined ? {} : { payload }) });

test.for([
  ["POST", "/api/v1/admin/rate-limit/enable", { per_second: 5 }, "enableRateLimit", { per_second: 5 }],
  ["POST", "/api/v1/admin/rate-limit/disable", undefined, "disableRateLimit", {}],
  ["POST", "/api/v1/admin/express-bypass/enable", undefined, "enableExpressBypass", {}],
  ["POST", "/api/v1/admin/express-bypass/disable", undefined, "disableExpressBypass", {}],
  ["POST", "/api/v1/admin/types/free/pause", undefined, "pauseType", { type: "free" }],
  ["POST", "/api/v1/admin/types/free/resume", undefined, "resumeType", { type: "free" }],
  ["POST", "/api/v1/admin/workers/scale", { type: "free", count: 3 }, "scaleWorkers", { type: "free", count: 3 }],
  ["PUT", "/api/v1/admin/log-level", { level: "debug" }, "setLogLevel", { level: "debug" }],
  ["POST", "/api/v1/admin/dlq/1-0/retry", undefined, "retryDeadLetter", { id: "1-0" }],
  ["POST", "/api/v1/admin/dlq/retry", { type: "free" }, "retryDeadLetters", { type: "free" }],
  ["DELETE", "/api/v1/admin/dlq/1-0", undefined, "discardDeadLetter", { id: "1-0" }],
] as const)("%s %s leaves a line: who, what, on what, result", async ([method, url, body, action, on]) => {
  service.deadLetters.set("1-0", letter);
  const response = await send(method, url, body);
  expect(response.statusCode).toBeLessThan(300);
  const result = response.body === "" ? {} : { result: response.json() };
  expect(service.audited).toEqual([{ action, who, on, status: response.statusCode, outcome: "done", ...result }]);
});

test("what fails and what is refused leaves a line too, reading leaves none", async () => {
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
