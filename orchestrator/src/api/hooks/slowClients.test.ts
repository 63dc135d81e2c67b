import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FREE_BODY_BYTES } from "../limits.ts";
import { MemoryService } from "../testing/memoryPorts.ts";
import { answerClientError } from "./slowClients.ts";

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
  ["whose headers never end", HEAD, 408, "REQUEST_TIMEOUT", /too long/],
  ["whose body never arrives", `${HEAD}Content-Length: 100\r\n\r\n{"type":`, 408, "REQUEST_TIMEOUT", /too long/],
  ["whose headers are too large", `${HEAD}X-Big: ${"x".repeat(40_000)}\r\n\r\n`, 431, "HEADERS_TOO_LARGE", /too large/],
  ["that does not speak HTTP", "HELLO\r\n\r\n", 400, "BAD_REQUEST", /not valid HTTP/],
] as const)(
  "a client %s gets a problem document and its connection is closed",
  async ([, text, status, code, detail]) => {
    const answer = await raw(text);
    expect(answer).toContain(`HTTP/1.1 ${status} `);
    expect(answer).toContain("application/problem+json");
    expect(JSON.parse(answer.split("\r\n\r\n")[1] ?? "")).toMatchObject({
      status,
      code,
      detail: expect.stringMatching(detail),
    });
  },
);

test("a client that has disconnected gets no answer, and one that cannot receive is only closed", () => {
  const answerTo = (code: string, state: Partial<Socket>) => {
    const calls: string[] = [];
    const call = (name: string) => () => calls.push(name);
    const socket = { destroyed: false, writable: true, write: call("write"), destroySoon: call("destroySoon") };
    const status = answerClientError(Object.assign(new Error(), { code }), {
      ...socket,
      ...state,
    } as unknown as Socket);
    return [status, ...calls];
  };
  expect(answerTo("ECONNRESET", {})).toEqual([undefined]);
  expect(answerTo("HPE_HEADER_OVERFLOW", { destroyed: true })).toEqual([undefined]);
  expect(answerTo("HPE_HEADER_OVERFLOW", { writable: false })).toEqual([431, "destroySoon"]);
  expect(answerTo("HPE_HEADER_OVERFLOW", {})).toEqual([431, "write", "destroySoon"]);
});

test("an idle keep-alive connection is closed", async () => {
  expect(await raw("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")).toContain('{"status":"ok"}');
});

test.for([
  ["tasks", 17_408, 408],
  ["tasks", 17_409, 413],
  ["tasks/batch", 16_777_216, 408],
  ["tasks/batch", 16_777_217, 413],
  ["admin/rate-limit/enable", 16_384, 408],
  ["admin/rate-limit/enable", 16_385, 413],
] as const)(
  "for %s, a body of %i bytes that is announced but never sent is answered with %i",
  async ([path, bytes, status]) => {
    const answer = await raw(`${HEAD.replace("/tasks", `/${path}`)}Content-Length: ${bytes}\r\n\r\n`);
    expect(answer).toContain(`HTTP/1.1 ${status} `);
  },
);

test.for([
  ["announced", "Content-Length: 30000000", ""],
  ["sent in chunks", "Transfer-Encoding: chunked", "1c9c380\r\n"],
])("a body that continues after its rejection (%s) ends its connection, not the service", async ([, header, start]) => {
  const uncaught: unknown[] = [];
  const note = (error: unknown) => void uncaught.push(error);
  process.on("uncaughtException", note);
  try {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write(`${HEAD.replace("/tasks", "/tasks/batch")}${header}\r\n\r\n${start}`);
    const block = Buffer.alloc(FREE_BODY_BYTES, " ");
    // Ignores the answer, like a client that reads only after it has sent everything.
    const send = () => socket.write(block, (error) => (error ? socket.destroy() : setImmediate(send)));
    send();
    await once(socket, "close");
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    expect(uncaught).toEqual([]);
  } finally {
    process.off("uncaughtException", note);
  }
});
