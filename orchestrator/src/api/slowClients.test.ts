import { connect } from "node:net";
import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MemoryService } from "./testing/memoryPorts.ts";

let server: FastifyInstance;
let port: number;
beforeEach(async () => {
  const timeouts = { headersMs: 150, requestMs: 300, idleMs: 2000, keepAliveMs: 200, checkIntervalMs: 25 };
  server = new MemoryService().server({}, { timeouts });
  await server.listen({ port: 0, host: "127.0.0.1" });
  port = (server.server.address() as { port: number }).port;
});
afterEach(() => server.close());

/** Sends raw text and resolves with everything received until the server closes the connection. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    socket.setTimeout(5000, () => socket.destroy(new Error(`the server kept the connection open; got: ${received}`)));
    socket.on("data", (data) => {
      received += data;
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(received));
  });
}

const HEAD = "POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

test.for([
  ["whose headers never end", HEAD, 408, "REQUEST_TIMEOUT"],
  ["whose body never comes", `${HEAD}Content-Length: 100\r\n\r\n{"type":`, 408, "REQUEST_TIMEOUT"],
  ["whose headers are too large", `${HEAD}X-Big: ${"x".repeat(40_000)}\r\n\r\n`, 431, "HEADERS_TOO_LARGE"],
  ["that does not speak HTTP", "HELLO\r\n\r\n", 400, "BAD_REQUEST"],
] as const)("a client %s gets a problem document and its connection is closed", async ([, text, status, code]) => {
  const answer = await raw(text);
  expect(answer).toContain(`HTTP/1.1 ${status} `);
  expect(answer).toContain("application/problem+json");
  expect(JSON.parse(answer.split("\r\n\r\n")[1] ?? "")).toMatchObject({ status, code });
});

test("an idle kept-alive connection is closed", async () => {
  expect(await raw("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")).toContain('{"status":"ok"}');
});

test("a body announced to be too large is refused before it is sent", async () => {
  const answer = await raw(`${HEAD}Content-Length: 99999999\r\n\r\n`);
  expect(answer).toContain("HTTP/1.1 413 ");
});
