import type { FastifyInstance, InjectOptions } from "fastify";
import { beforeEach, describe, expect, test } from "vitest";
import type { DeadLetter } from "../../queue/task.ts";
import { MemoryService } from "../testing/memoryPorts.ts";

const TOKEN = "correct-horse-battery-staple";
let service: MemoryService;
let server: FastifyInstance;
beforeEach(() => {
  service = new MemoryService();
  server = service.server();
});

const enable = (options: InjectOptions = {}): InjectOptions => ({
  method: "POST",
  url: "/api/v1/admin/rate-limit/enable",
  ...options,
});
const send = async (method: "GET" | "POST" | "PUT" | "DELETE", url: string, body?: object) => {
  const response = await server.inject({ method, url, ...(body === undefined ? {} : { payload: body }) });
  return { status: response.statusCode, body: response.body === "" ? undefined : response.json() };
};

test.for(["127.0.0.1", "::1", "10.0.0.1"])(
  "without a token, all requests are denied, even from %s",
  async (remoteAddress) => {
    for (const setting of [{ adminWithoutToken: false }, { adminWithoutToken: undefined as unknown as boolean }]) {
      const closed = service.server(setting);
      const response = await closed.inject(enable({ remoteAddress }));
      expect(response.statusCode).toBe(403);
      expect(response.json().detail).toContain("ADMIN_TOKEN_FILE");
      expect(service.rateLimit.enabled).toBe(false);
    }
  },
);

describe("without a token, in development", () => {
  test.for(["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])(
    "a caller at %s is allowed",
    async (remoteAddress) => {
      expect((await server.inject(enable({ remoteAddress }))).statusCode).toBe(200);
    },
  );

  test.for(["10.0.0.1", "192.168.1.2", "::ffff:10.0.0.1", "fe80::1", "2001:db8::1"])(
    "a caller at %s is denied, even with a forwarding header",
    async (remoteAddress) => {
      const headers = { "x-forwarded-for": "127.0.0.1", forwarded: "for=127.0.0.1", host: "localhost" };
      const response = await server.inject(enable({ remoteAddress, headers }));
      expect(response.statusCode).toBe(403);
      expect(service.rateLimit.enabled).toBe(false);
    },
  );

  test.for([
    { origin: "https://evil.example", host: "localhost:8000" },
    { origin: "http://localhost.evil.example", host: "localhost" },
    { origin: "http://localhost:3000", host: "localhost:8000" },
    { host: "evil.example:8000" },
    { host: "localhost.evil.example" },
    { host: "127.0.0.1.evil.example" },
    { host: "evil-localhost" },
    { origin: "null" },
  ])("a request of a web page (%j) is denied although it comes from this machine", async (headers) => {
    expect((await server.inject(enable({ headers }))).statusCode).toBe(403);
  });

  test.for(["x-forwarded-for", "forwarded", "x-real-ip", "via", "x-forwarded-host", "cf-connecting-ip"])(
    "a request through a proxy on this machine is denied because of its %s",
    async (header) => {
      const response = await server.inject(enable({ headers: { host: "127.0.0.1", [header]: "203.0.113.7" } }));
      expect(response.statusCode).toBe(403);
      expect(service.rateLimit.enabled).toBe(false);
    },
  );

  test.for(["not-forwarded", "forwarded-by", "x-via", "via-x", "my-x-forwarded-for", "x-real-ip-2"])(
    "a header that no proxy adds does not matter: %s",
    async (header) => {
      const headers = { host: "127.0.0.1", [header]: "1" };
      expect((await server.inject(enable({ headers }))).statusCode).toBe(200);
    },
  );

  test.for([
    [{ remoteAddress: "10.0.0.1" }, "callers on this machine"],
    [{ headers: { via: "x" } }, "through a proxy"],
    [{ headers: { origin: "https://evil.example" } }, "web pages"],
  ] as const)("says why a request is refused: %j", async ([options, detail]) => {
    const response = await server.inject(enable(options));
    expect(response.json()).toMatchObject({ code: "FORBIDDEN", detail: expect.stringContaining(detail) });
  });

  test("a page of the service itself may ask", async () => {
    const headers = { origin: "http://localhost:8000", host: "localhost:8000" };
    expect((await server.inject(enable({ headers }))).statusCode).toBe(200);
  });

  test("every admin endpoint requires authentication, also for reads", async () => {
    const { paths } = (await server.inject("/openapi.json")).json();
    const admin = Object.entries<object>(paths).filter(([path]) => path.startsWith("/api/v1/admin/"));
    expect(admin.length).toBeGreaterThan(8);
    for (const [path, methods] of admin) {
      for (const method of Object.keys(methods)) {
        const url = path.replace("{id}", "1-0").replace("{type}", "free");
        const response = await server.inject({ method: method as "GET", url, remoteAddress: "10.0.0.1" });
        expect(response.statusCode, `${method} ${path}`).toBe(403);
      }
    }
  });
});

describe("with a token", () => {
  beforeEach(() => {
    server = service.server({ adminToken: TOKEN });
  });

  test.for([`Bearer ${TOKEN}`, `bearer ${TOKEN}`, `BEARER   ${TOKEN}  `])(
    "the right token is accepted from any address: %j",
    async (authorization) => {
      const headers = { authorization };
      expect((await server.inject(enable({ headers, remoteAddress: "10.0.0.1" }))).statusCode).toBe(200);
    },
  );

  test.for([
    [undefined, "Bearer", "needs the admin token"],
    ["Basic x", "Bearer", "needs the admin token"],
    ["Bearer wrong", 'Bearer error="invalid_token"', "is wrong"],
  ] as const)("says whether the token is missing or wrong: %s", async ([authorization, challenge, detail]) => {
    const response = await server.inject(enable({ headers: authorization === undefined ? {} : { authorization } }));
    expect(response.headers["www-authenticate"]).toBe(challenge);
    expect(response.json()).toMatchObject({ code: "UNAUTHORIZED", detail: expect.stringContaining(detail) });
  });

  const wrong = [
    "Bearer wrong",
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(0, -1)}`,
    `Bearer ${TOKEN.slice(0, 8)}`,
    `Bearer ${TOKEN.slice(1)}`,
    `Bearer ${TOKEN.toUpperCase()}`,
    `Bearer ${TOKEN} ${TOKEN}`,
    `Basic ${TOKEN}`,
    `XBearer ${TOKEN}`,
    "Bearer ",
    TOKEN,
  ];
  test.for([undefined, ...wrong])("%s is denied with 401 and a challenge, from any address", async (authorization) => {
    const response = await server.inject(enable({ headers: authorization === undefined ? {} : { authorization } }));
    expect(response.statusCode).toBe(401);
    expect(response.headers["www-authenticate"]).toMatch(/^Bearer/);
    expect(response.headers["content-type"]).toContain("application/problem+json");
    expect(service.rateLimit.enabled).toBe(false);
  });
});

test("the rate limit is enabled, read and disabled", async () => {
  expect((await send("POST", "/api/v1/admin/rate-limit/enable", { per_second: 50 })).body).toEqual({
    enabled: true,
    per_second: 50,
  });
  expect((await send("GET", "/api/v1/admin/rate-limit")).body).toEqual({ enabled: true, per_second: 50 });
  expect((await send("POST", "/api/v1/admin/rate-limit/disable")).body).toMatchObject({ enabled: false });
  expect((await send("POST", "/api/v1/admin/rate-limit/enable", { per_second: -1 })).status).toBe(422);
});

test("the express bypass is enabled and disabled", async () => {
  expect((await send("POST", "/api/v1/admin/express-bypass/enable")).body).toEqual({ enabled: true });
  expect((await send("GET", "/api/v1/admin/express-bypass")).body).toEqual({ enabled: true });
  expect((await send("POST", "/api/v1/admin/express-bypass/disable")).body).toEqual({ enabled: false });
});

test("a known type is paused and resumed, an unknown one is a 404", async () => {
  expect((await send("POST", "/api/v1/admin/types/free/pause")).body).toEqual({ type: "free", paused: true });
  expect([...service.paused]).toEqual(["free"]);
  await send("POST", "/api/v1/admin/types/free/resume");
  expect([...service.paused]).toEqual([]);
  expect((await send("POST", "/api/v1/admin/types/nope/pause")).status).toBe(404);
});

test("workers are scaled within limits", async () => {
  const scale = (body: object) => send("POST", "/api/v1/admin/workers/scale", body);
  expect((await scale({ type: "free", count: 5 })).body).toEqual({ type: "free", count: 5 });
  expect((await scale({ type: "nope", count: 5 })).status).toBe(404);
  expect((await scale({ type: "free", count: 1e6 })).status).toBe(422);
  expect((await scale({ type: "free", count: 1.5 })).status).toBe(422);
  expect(service.wanted.get("free")).toBe(5);
});

test("unaccounted tasks are written off if the caller gives their number", async () => {
  service.unaccounted = 2;
  const writeOff = (body: object) => send("POST", "/api/v1/admin/books/write-off", body);
  const lost = { type: "free", lane: "regular", count: 2 };
  expect(await writeOff({ ...lost, count: 1 })).toMatchObject({ status: 409, body: { code: "ACCOUNTING_CHANGED" } });
  expect((await writeOff({ ...lost, type: "nope" })).status).toBe(404);
  for (const wrong of [{ lane: "slow" }, { count: 0.5 }, { count: "2" }, { more: 1 }]) {
    expect((await writeOff({ ...lost, ...wrong })).status, JSON.stringify(wrong)).toBe(422);
  }
  expect(service.unaccounted).toBe(2);
  expect(await writeOff(lost)).toEqual({ status: 200, body: lost });
  expect(service.unaccounted).toBe(0);
});

test("only a known log level can be set", async () => {
  expect((await send("PUT", "/api/v1/admin/log-level", { level: "debug" })).body).toEqual({ level: "debug" });
  expect((await send("PUT", "/api/v1/admin/log-level", { level: "loud" })).status).toBe(422);
  expect((await send("GET", "/api/v1/admin/log-level")).body).toEqual({ level: "debug" });
});

describe("dead letters", () => {
  const letter = (n: number, reason: DeadLetter["reason"] = "upstream"): DeadLetter => ({
    id: `${n}-0`,
    taskId: `task-${n}`,
    type: "free",
    lane: "regular",
    reason,
    error: "boom",
    attempts: 3,
    priority: 5,
    payloadJson: n === 3 ? "not json" : '{"camelCase":1}',
    stream: "mcp:queue:free",
    entryId: `${n}-1`,
    failedAtMs: n,
    history: [{ reason: "timeout", error: "slow", failedAtMs: 1 }],
  });
  beforeEach(() => {
    for (const n of [1, 2, 3]) service.deadLetters.set(`${n}-0`, letter(n, n === 2 ? "timeout" : "upstream"));
  });

  test("are listed in pages and by filter", async () => {
    const first = (await send("GET", "/api/v1/dlq?limit=2")).body;
    expect(first.items[0]).toMatchObject({
      task_id: "task-1",
      payload: { camelCase: 1 },
      history: [{ failed_at_ms: 1 }],
    });
    const second = (await send("GET", `/api/v1/dlq?limit=2&cursor=${first.next_cursor}`)).body;
    expect(second.items.map(({ id }: { id: string }) => id)).toEqual(["3-0"]);
    expect(second).not.toHaveProperty("next_cursor");
    expect((await send("GET", "/api/v1/dlq?reason=timeout")).body.items).toHaveLength(1);
    expect((await send("GET", "/api/v1/dlq?reason=boredom")).status).toBe(422);
  });

  test("are returned, also with a payload that is not JSON", async () => {
    expect((await send("GET", "/api/v1/dlq/3-0")).body).toMatchObject({ id: "3-0", payload: "not json" });
    expect((await send("GET", "/api/v1/dlq/9-9")).status).toBe(404);
    expect((await send("GET", "/api/v1/dlq/nope")).status).toBe(422);
  });

  test("are retried one by one or by filter", async () => {
    expect((await send("POST", "/api/v1/admin/dlq/1-0/retry")).body).toEqual({ retried: 1 });
    expect((await send("POST", "/api/v1/admin/dlq/1-0/retry")).status).toBe(404);
    expect((await send("POST", "/api/v1/admin/dlq/retry", { reason: "upstream" })).body).toEqual({ retried: 1 });
    expect((await send("POST", "/api/v1/admin/dlq/retry", {})).body).toEqual({ retried: 1 });
  });

  test("are not all retried by a request without a body", async () => {
    expect((await send("POST", "/api/v1/admin/dlq/retry")).status).toBe(422);
    expect(service.deadLetters.size).toBe(3);
  });

  test("are discarded by filter, or all of them with `all`", async () => {
    const discard = (body?: object) => send("POST", "/api/v1/admin/dlq/discard", body);
    for (const wrong of [undefined, {}, { all: false }, { all: true, type: "free" }, { reason: "boredom" }]) {
      expect((await discard(wrong)).status, JSON.stringify(wrong)).toBe(422);
    }
    expect(service.deadLetters.size).toBe(3);
    expect(await discard({ reason: "timeout" })).toEqual({ status: 200, body: { discarded: 1 } });
    expect([...service.deadLetters.keys()]).toEqual(["1-0", "3-0"]);
    expect((await discard({ type: "other" })).body).toEqual({ discarded: 0 });
    expect((await discard({ all: true })).body).toEqual({ discarded: 2 });
  });

  test("contain their payload as stored, with any nesting", async () => {
    const deep = "[".repeat(50_000) + "]".repeat(50_000);
    service.deadLetters.set("4-0", { ...letter(4), payloadJson: deep });
    service.deadLetters.set("5-0", { ...letter(5), payloadJson: '{"big": 12345678901234567890, "a": 1e999}' });
    const list = await server.inject("/api/v1/dlq");
    expect(list.statusCode).toBe(200);
    expect(list.headers["content-type"]).toContain("application/json");
    expect(list.body).toContain(`"payload":${deep}`);
    expect(list.body).toContain('"payload":{"big": 12345678901234567890, "a": 1e999}}');
    expect(list.json().items).toHaveLength(5);
    expect((await server.inject("/api/v1/dlq/4-0")).body).toContain(`"payload":${deep}}`);
  });

  test("are discarded", async () => {
    expect((await send("DELETE", "/api/v1/admin/dlq/1-0")).status).toBe(204);
    expect((await send("DELETE", "/api/v1/admin/dlq/1-0")).status).toBe(404);
  });
});
