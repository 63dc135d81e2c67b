import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import type { FastifyInstance, InjectOptions } from "fastify";
import { beforeEach, expect, test } from "vitest";
import { FREE_BODY_BYTES, MAX_CONNECTIONS } from "./limits.ts";
import { MemoryService } from "./testing/memoryPorts.ts";

let service: MemoryService;
let server: FastifyInstance;
beforeEach(() => {
  service = new MemoryService();
  server = service.server();
});

async function problemFor(request: InjectOptions) {
  const response = await server.inject(request);
  expect(response.headers["content-type"]).toContain("application/problem+json");
  const body = response.json();
  expect(body).toMatchObject({
    type: expect.stringMatching(/^urn:/),
    title: expect.any(String),
    detail: expect.any(String),
  });
  expect(body.status).toBe(response.statusCode);
  return { response, body };
}

test("an unknown path is a 404 problem", async () => {
  expect((await problemFor({ url: "/nope?x=1" })).body).toMatchObject({ code: "ROUTE_NOT_FOUND", instance: "/nope" });
});

test.for([
  ["DELETE", "/api/v1/tasks", "POST"],
  ["PUT", "/api/v1/tasks/some-id", "GET, HEAD"],
  ["GET", "/api/v1/admin/dlq/1-0", "DELETE"],
  ["POST", "/metrics", "GET, HEAD"],
  ["POST", "/openapi.json", "GET, HEAD"],
] as const)("%s %s is a 405 problem with the allowed methods", async ([method, url, allow]) => {
  const { response, body } = await problemFor({ method, url });
  expect(body.code).toBe("METHOD_NOT_ALLOWED");
  expect(response.headers.allow).toBe(allow);
});

test.for(["text/plain", "application/x-www-form-urlencoded", "application/xml"])(
  "a %s body is a 415 problem",
  async (type) => {
    const { body } = await problemFor({
      method: "POST",
      url: "/api/v1/tasks",
      headers: { "content-type": type },
      payload: "a",
    });
    expect(body).toMatchObject({ status: 415, code: "UNSUPPORTED_MEDIA_TYPE" });
  },
);

test.for(["/api/v1/tasks/%ff", "/%"])("a malformed URL (%s) is a 400 problem", async (url) => {
  expect((await problemFor({ url })).body.status).toBe(400);
});

test("health depends on nothing, readiness gives its reasons", async () => {
  service.ready = false;
  expect((await server.inject("/healthz")).json()).toEqual({ status: "ok" });
  const response = await server.inject("/readyz");
  expect(response.statusCode).toBe(503);
  expect(response.json()).toEqual({
    ready: false,
    healthy: false,
    checks: [{ name: "redis", ok: false, detail: "Redis connection refused" }],
  });
  service.ready = true;
  expect((await server.inject("/readyz")).statusCode).toBe(200);
});

test("metrics have the text format of Prometheus", async () => {
  const response = await server.inject("/metrics");
  expect(response.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(response.body).toContain("mcp_redis_up 1");
  const accept = "application/openmetrics-text; version=1.0.0";
  expect((await server.inject({ url: "/metrics", headers: { accept } })).headers["content-type"]).toBe(accept);
});

test("the worker status summarizes each type and contains why one is paused", async () => {
  expect((await server.inject("/api/v1/workers/status")).json()).toEqual({
    types: [
      { type: "reasoning", wanted: 2, active: 1, paused: [] },
      { type: "free", wanted: 2, active: 0, paused: [] },
    ],
    workers: [
      expect.objectContaining({ worker: "express_pool:reasoning:0", active: true, paused: "", heartbeat_age_ms: 12 }),
    ],
  });
});

test("the workers' status sums up each type: how many are active, and each reason for a pause once", async () => {
  const [worker] = service.ports.supervisor.status();
  const workers = [
    { active: true, paused: "" },
    { active: false, paused: "circuit breaker of chat" },
    { active: true, paused: "circuit breaker of chat" },
    { active: true, paused: "paused by an operator" },
    { active: true, paused: "paused", type: "free" },
  ].map((fields) => ({ ...worker, ...fields }));
  Object.assign(service.ports.supervisor, { status: () => workers });
  expect((await server.inject("/api/v1/workers/status")).json().types).toEqual([
    { type: "reasoning", wanted: 2, active: 3, paused: ["circuit breaker of chat", "paused by an operator"] },
    { type: "free", wanted: 2, active: 1, paused: ["paused"] },
  ]);
});

test("queues are reported in snake_case", async () => {
  expect((await server.inject("/api/v1/queues")).json()).toMatchObject({
    queues: [{ stream: "mcp:queue:reasoning", oldest_age_seconds: 0.5 }],
    server: { compatible_version: "7.2.4" },
  });
});

test("a fault of the service is logged with its request", async () => {
  Object.assign(service.ports.queues, { read: () => Promise.reject(new Error("a bug")) });
  const { body } = await problemFor({ url: "/api/v1/queues?x=1" });
  expect(body).toMatchObject({ status: 500, code: "INTERNAL", instance: "/api/v1/queues" });
  expect(service.logged).toEqual([
    {
      fields: { err: expect.objectContaining({ message: "a bug" }), method: "GET", url: "/api/v1/queues?x=1" },
      message: "Request failed: a bug",
    },
  ]);
});

test("an idle connection is closed, whatever the other timeouts are", async () => {
  const patient = { headersMs: 60_000, requestMs: 60_000, keepAliveMs: 60_000, checkIntervalMs: 25 };
  const idle = new MemoryService().server({}, { timeouts: { ...patient, idleMs: 100 } });
  await idle.listen({ port: 0, host: "127.0.0.1" });
  const { port } = idle.server.address() as { port: number };
  const socket = connect(port, "127.0.0.1");
  socket.write("GET /healthz HTTP/1.1\r\nHost: local");
  await once(socket, "close");
  await idle.close();
});

test("connections above the limit are closed at once, and the others are served", async () => {
  expect(new MemoryService().server().server.maxConnections).toBe(MAX_CONNECTIONS);
  const maxConnections = 16;
  const busy = new MemoryService().server({}, { maxConnections });
  await busy.listen({ port: 0, host: "127.0.0.1" });
  const { port } = busy.server.address() as { port: number };
  const sockets = Array.from({ length: maxConnections + 5 }, () => connect(port, "127.0.0.1"));
  let closed = 0;
  for (const socket of sockets) {
    socket.on("error", () => undefined);
    socket.on("close", () => closed++);
  }
  await expect.poll(() => closed).toBe(5);
  const open = sockets.filter(({ destroyed }) => !destroyed);
  expect(open).toHaveLength(maxConnections);
  open[0]?.end("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  expect(await text(open[0] as Socket)).toContain('{"status":"ok"}');
  for (const socket of open) socket.destroy();
  await busy.close();
});

const connectionsOf = ({ server }: FastifyInstance) => promisify(server.getConnections.bind(server))();

test("a body above the limit of bytes in flight is rejected for now, up to the limit it is read", async () => {
  for (const [excess, status, code] of [
    [0, 400, "INVALID_JSON"],
    [1, 503, "OVERLOADED"],
  ] as const) {
    const service = new MemoryService();
    const limited = service.server({}, { maxBodyBytesInFlight: 2 * FREE_BODY_BYTES });
    const response = await limited.inject({
      ...{ method: "POST", url: "/api/v1/tasks/batch", headers: { "content-type": "application/json" } },
      payload: "x".repeat(2 * FREE_BODY_BYTES + excess),
    });
    expect(response.json()).toMatchObject({ status, code });
    expect(service.counted).toEqual([`submit_batch ${status === 503 ? "overload" : "invalid"}`]);
  }
});

test("a closing server rejects new requests with 503 and finishes those in progress", async () => {
  const asked = Promise.withResolvers<void>();
  const running = Promise.withResolvers<{ contentType: string; body: string }>();
  const slow = new MemoryService();
  const scrape = () => {
    asked.resolve();
    return running.promise;
  };
  Object.assign(slow.ports.metrics, { scrape });
  const closing = slow.server();
  const url = await closing.listen({ port: 0, host: "127.0.0.1" });
  const first = fetch(`${url}/metrics`);
  await asked.promise;
  // Not idle: it has sent a part of a request before the server starts to close.
  const { port } = closing.server.address() as { port: number };
  const second = connect(port, "127.0.0.1");
  second.write("POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n");
  await expect.poll(() => connectionsOf(closing)).toBe(2);
  const closed = closing.close();
  const body = JSON.stringify({ type: "free", payload: 1 });
  second.write(`Content-Length: ${body.length}\r\n\r\n${body}`);
  const refused = await text(second);
  expect(refused).toMatch(/^HTTP\/1.1 503 /);
  expect(refused.toLowerCase()).toContain("\r\nconnection: close\r\n");
  expect(refused).toMatch(/\r\nretry-after: \d+\r\n/i);
  expect(JSON.parse(refused.split("\r\n\r\n")[1] ?? "")).toMatchObject({ status: 503, code: "SHUTTING_DOWN" });
  expect(slow.submitted).toEqual([]);
  running.resolve({ contentType: "text/plain", body: "done 1\n" });
  expect(await (await first).text()).toBe("done 1\n");
  await closed;
  await expect(fetch(url)).rejects.toThrow("fetch failed");
});

test("the API description has an example for each body", async () => {
  const { openapi, paths, components } = (await server.inject("/openapi.json")).json();
  expect(openapi).toBe("3.1.0");
  expect(Object.keys(paths)).toEqual(
    expect.arrayContaining([
      "/api/v1/tasks",
      "/api/v1/tasks/batch",
      "/api/v1/tasks/{id}",
      "/api/v1/tasks/{id}/explain",
      "/api/v1/workers/status",
      "/api/v1/admin/workers/scale",
      "/api/v1/admin/dlq/{id}/retry",
      "/metrics",
      "/readyz",
    ]),
  );
  expect(JSON.stringify(components.schemas.Task)).toContain("examples");
  const problemRef = paths["/api/v1/tasks"].post.responses["422"].content["application/problem+json"].schema;
  expect(problemRef).toEqual({ $ref: "#/components/schemas/Problem" });
  for (const [path, methods] of Object.entries<Record<string, { summary?: string; security?: unknown }>>(paths)) {
    for (const operation of Object.values(methods)) {
      expect(operation.summary, path).toBeTruthy();
      expect(operation.security !== undefined, path).toBe(path.startsWith("/api/v1/admin/"));
    }
  }
});
