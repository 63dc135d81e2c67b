import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, expect, it } from "vitest";
import { HttpPool } from "./httpPool.ts";
import { Transport } from "./transport.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function listen<S extends Server>(server: S): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function serve(answer: RequestListener): Promise<URL> {
  return new URL(`http://127.0.0.1:${await listen(createServer(answer))}`);
}

function poolOf(origin: URL, connectTimeoutMs = 5_000): HttpPool {
  const pool = new HttpPool(origin, { maxConnections: 2, connectTimeoutMs, keepAliveMs: 30_000 });
  closing.push(() => pool.destroy());
  return pool;
}

const never = new AbortController().signal;
const get = (pool: HttpPool, path = "/", signal = never) =>
  pool.request({ method: "GET", path, headers: {}, body: undefined, signal });

it("reuses a connection, and opens a new one if the server has closed it", async () => {
  const ports: (number | undefined)[] = [];
  const origin = await serve(({ socket, url }, response) => {
    ports.push(socket.remotePort);
    if (url === "/last") response.setHeader("connection", "close");
    response.end("answer");
  });
  const pool = poolOf(origin);
  for (const path of ["/", "/last", "/"]) expect(await text(await get(pool, path))).toBe("answer");
  expect(ports[1]).toBe(ports[0]);
  expect(ports[2]).not.toBe(ports[0]);
});

it("sends a body with its length", async () => {
  const origin = await serve(async (request, response) => {
    response.end(`${request.method} ${request.headers["content-length"]} ${await text(request)}`);
  });
  const answer = await poolOf(origin).request({ method: "POST", path: "/", headers: {}, body: "é", signal: never });
  expect(await text(answer)).toBe("POST 2 é");
});

it("fails if no connection is established in time", async () => {
  // Accepts the connection but never answers the TLS handshake.
  const silent = createTcpServer((socket) => closing.push(() => socket.destroy()));
  const pool = poolOf(new URL(`https://127.0.0.1:${await listen(silent)}`), 30);
  await expect(get(pool)).rejects.toMatchObject({ code: "CONNECT_TIMEOUT", message: "no connection within 30 ms" });
});

it("drops the connection of an aborted request", async () => {
  const closed = Promise.withResolvers<void>();
  const abort = new AbortController();
  const origin = await serve((request) => {
    request.socket.once("close", () => closed.resolve());
    abort.abort();
  });
  await expect(get(poolOf(origin), "/", abort.signal)).rejects.toMatchObject({ name: "AbortError" });
  await closed.promise;
});

it("reads no more than 4 MiB of an answer", async () => {
  const closed = Promise.withResolvers<void>();
  const origin = await serve((request, response) => {
    request.socket.once("close", () => closed.resolve());
    response.end(Buffer.alloc(64 * 1024 * 1024));
  });
  const transport = new Transport({ name: "chat", baseUrl: origin.href, maxConnections: 1 });
  closing.push(() => transport.close());
  await expect(transport.send({ method: "GET", path: "/" }, never)).rejects.toThrow(
    "chat sent more than 4194304 bytes",
  );
  await closed.promise;
});
