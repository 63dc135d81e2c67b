import fc from "fast-check";
import type { FastifyInstance, InjectOptions } from "fastify";
import { beforeAll, expect, test } from "vitest";
import { MemoryService } from "./testing/memoryPorts.ts";
import { requestArbitrary } from "./testing/requests.ts";

const service = new MemoryService();
let server: FastifyInstance;
beforeAll(async () => {
  server = service.server();
  await server.ready();
});

test("thousands of random requests to all endpoints: no 5xx, and rejected requests enqueue nothing", async () => {
  const { paths } = (await server.inject("/openapi.json")).json();
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      requestArbitrary(paths, ["free", "reasoning"]),
      async ({ method, url, route, body, contentType }) => {
        const before = service.submitted.length;
        const headers: Record<string, string> = contentType === undefined ? {} : { "content-type": contentType };
        const request: InjectOptions = { method, url, headers, ...(body === undefined ? {} : { payload: body }) };
        const response = await server.inject(request);
        seen.add(`${method} ${route}`);
        const about = `${method} ${url} ${String(body).slice(0, 200)} -> ${response.statusCode} ${response.body}`;
        expect(response.statusCode, about).toBeLessThan(500);
        if (response.statusCode >= 400) {
          expect(response.headers["content-type"], about).toContain("application/problem+json");
          expect(response.json().status, about).toBe(response.statusCode);
          expect(service.submitted.length, about).toBe(before);
        }
        for (const task of service.submitted.slice(before)) JSON.parse(task.payloadJson);
      },
    ),
    { numRuns: 2000 },
  );
  expect(service.logged.filter(({ message }) => message.startsWith("Request failed"))).toEqual([]);
  expect(seen.size).toBeGreaterThan(20);
  expect(service.submitted.length).toBeGreaterThan(10);
  expect({}).not.toHaveProperty("polluted");
}, 120_000);
