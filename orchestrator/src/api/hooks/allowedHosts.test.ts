import { expect, test } from "vitest";
import { MemoryService } from "../testing/memoryPorts.ts";

const submit = (host: string) =>
  ({ method: "POST", url: "/api/v1/tasks", headers: { host }, payload: { type: "free", payload: 1 } }) as const;

test.for(["localhost", "LOCALHOST:8000", "127.0.0.1:8000", "127.9.9.9", "[::1]:8000"])(
  "a service on loopback answers to %s",
  async (host) => {
    const service = new MemoryService();
    expect((await service.server({ allowedHosts: "loopback" }).inject(submit(host))).statusCode).toBe(202);
  },
);

test.for(["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "a b"])(
  "a service on loopback rejects %s on every endpoint",
  async (host) => {
    const service = new MemoryService();
    const server = service.server({ allowedHosts: "loopback" });
    expect((await server.inject(submit(host))).json()).toMatchObject({
      ...{ status: 421, code: "HOST_NOT_ALLOWED", detail: expect.stringContaining("ALLOWED_HOSTS") },
    });
    for (const url of ["/api/v1/dlq", "/api/v1/tasks/x", "/metrics", "/openapi.json", "/nope"]) {
      expect((await server.inject({ url, headers: { host } })).statusCode, url).toBe(421);
    }
    expect(service.submitted).toEqual([]);
  },
);

test("a list allows exactly its names, with any port and in any case", async () => {
  const server = new MemoryService().server({ allowedHosts: ["Tasks.example", "10.0.0.1"] });
  for (const [host, status] of [
    ["tasks.example", 202],
    ["TASKS.example:444", 202],
    ["10.0.0.1:8000", 202],
    ["localhost", 421],
    ["x.tasks.example", 421],
    ["tasks.example.evil.example", 421],
  ] as const) {
    expect((await server.inject(submit(host))).statusCode, host).toBe(status);
  }
});

test("every name is allowed if that is configured", async () => {
  const server = new MemoryService().server({ allowedHosts: "any" });
  expect((await server.inject(submit("whatever.example"))).statusCode).toBe(202);
});
