import { once } from "node:events";
import { request } from "node:http";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { type FastifyInstance, fastify } from "fastify";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FREE_BODY_BYTES } from "../limits.ts";
import { HttpProblem } from "../problem.ts";
import { limitBodies } from "./bodyBudget.ts";

/** Two bodies of a part that is not free fit, three do not. */
const PART = FREE_BODY_BYTES + 1;
const LIMIT_BYTES = 2 * PART + 10;

let server: FastifyInstance;
let held: PromiseWithResolvers<void>;
let arrived: number[];
let failed: string[];
beforeEach(async () => {
  held = Promise.withResolvers();
  arrived = [];
  failed = [];
  server = fastify({ bodyLimit: 10 * LIMIT_BYTES });
  limitBodies(server, LIMIT_BYTES);
  server.setErrorHandler((error, _request, reply) => {
    failed.push(String(error));
    if (!(error instanceof HttpProblem)) return reply.code(400).send(String(error));
    const { retryAfterSeconds = 0, headers = {} } = error.options;
    return reply
      .code(error.status)
      .headers({ ...headers, "retry-after": retryAfterSeconds })
      .send(error.code);
  });
  server.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  server.post("/", async ({ body }) => {
    arrived.push((body as Buffer).length);
    await held.promise;
    return "done";
  });
  server.post("/short", { bodyLimit: PART }, async () => "done");
  await server.listen({ port: 0, host: "127.0.0.1" });
});
afterEach(async () => {
  held.resolve();
  await server.close();
});

/** A request whose body the test sends. @param length undefined sends it in chunks */
function open(length?: number, path = "/") {
  const { port } = server.server.address() as { port: number };
  const client = request({
    ...{ port, host: "127.0.0.1", method: "POST", agent: false, path },
    headers: {
      "content-type": "x/y",
      connection: "keep-alive",
      ...(length === undefined ? {} : { "content-length": length }),
    },
  });
  client.on("error", () => undefined);
  client.flushHeaders();
  const answer = once(client, "response").then(async ([response]) => ({
    status: response.statusCode,
    headers: response.headers,
    body: await text(response),
  }));
  return { client, answer };
}

async function post(bytes: number) {
  const { client, answer } = open(bytes);
  client.end(Buffer.alloc(bytes));
  return await answer;
}

const arrivals = (count: number) => expect.poll(() => arrived.length).toBe(count);

test("bodies that fit are passed on whole, announced or in chunks", async () => {
  held.resolve();
  expect(await post(PART)).toMatchObject({ status: 200, body: "done" });
  const { client, answer } = open();
  client.write(Buffer.alloc(PART));
  client.end("1234567890");
  expect((await answer).status).toBe(200);
  expect(arrived).toEqual([PART, PART + 10]);
});

test("a body over the total limit is rejected with 503 and a Retry-After", async () => {
  const first = [post(PART), post(PART)];
  await arrivals(2);
  const { status, headers, body } = await post(PART);
  expect({ status, body }).toEqual({ status: 503, body: "OVERLOADED" });
  expect(headers).toMatchObject({ "retry-after": "1", connection: "close" });
  expect(failed).toEqual([expect.stringContaining("send smaller batches")]);
  held.resolve();
  expect((await Promise.all(first)).map((answer) => answer.status)).toEqual([200, 200]);
  // What they held is free again.
  expect((await post(PART)).status).toBe(200);
  expect((await post(LIMIT_BYTES)).status).toBe(200);
  expect((await post(LIMIT_BYTES + 1)).status).toBe(503);
});

test("a small body is never refused, unless its size is not announced", async () => {
  const large = post(LIMIT_BYTES);
  await arrivals(1);
  const small = post(FREE_BODY_BYTES);
  await arrivals(2);
  const chunked = open();
  chunked.client.end("x");
  expect((await chunked.answer).status).toBe(503);
  held.resolve();
  expect((await Promise.all([large, small])).map(({ status }) => status)).toEqual([200, 200]);
});

test("a body counts when it is sent, not when it is announced", async () => {
  const { client, answer } = open(LIMIT_BYTES);
  const whole = post(PART);
  await arrivals(1);
  client.write(Buffer.alloc(PART));
  const third = post(LIMIT_BYTES - PART);
  expect((await third).status).toBe(503);
  held.resolve();
  client.end(Buffer.alloc(LIMIT_BYTES - PART));
  expect([(await whole).status, (await answer).status]).toEqual([200, 200]);
});

test("bytes that a client sends after its answer do not count", async () => {
  held.resolve();
  const payload = new PassThrough();
  payload.write(Buffer.alloc(PART + 1));
  const headers = { "content-type": "x/y", "transfer-encoding": "chunked" };
  const { statusCode } = await server.inject({ method: "POST", url: "/short", payload, headers });
  expect(statusCode).toBe(400);
  payload.write(Buffer.alloc(PART));
  // It has been read, and dropped.
  await expect.poll(() => payload.readableLength + payload.writableLength).toBe(0);
  expect((await post(LIMIT_BYTES)).status).toBe(200);
});

test("the bytes of a client that disconnects no longer count", async () => {
  const { client, answer } = open(LIMIT_BYTES);
  const gone = answer.catch(() => "gone");
  client.write(Buffer.alloc(LIMIT_BYTES - 1));
  held.resolve();
  await expect.poll(async () => (await post(PART)).status).toBe(503);
  failed = [];
  client.destroy();
  // Its request ends.
  await expect.poll(() => failed).toContain("Error: aborted");
  await expect.poll(async () => (await post(LIMIT_BYTES)).status).toBe(200);
  expect(await gone).toBe("gone");
});

test("a body that is over its own limit and the total limit causes no second error", async () => {
  const uncaught: unknown[] = [];
  const note = (error: unknown) => void uncaught.push(error);
  process.on("uncaughtException", note);
  try {
    const others = [post(PART), post(PART)];
    await arrivals(2);
    const { client, answer } = open(PART + 1, "/short");
    client.end(Buffer.alloc(PART + 1));
    expect((await answer).status).toBe(400);
    held.resolve();
    expect((await Promise.all(others)).map(({ status }) => status)).toEqual([200, 200]);
    expect((await post(LIMIT_BYTES)).status).toBe(200);
    expect(uncaught).toEqual([]);
  } finally {
    process.off("uncaughtException", note);
  }
});

test("a body of another length than it was announced with is an error", async () => {
  const { client, answer } = open();
  client.end(Buffer.alloc(PART));
  held.resolve();
  expect((await answer).status).toBe(200);
  const response = await server.inject({
    ...{ method: "POST", url: "/", payload: Buffer.alloc(PART) },
    headers: { "content-type": "x/y", "content-length": String(PART + 1) },
  });
  expect(response.body).toContain("Content-Length");
});
