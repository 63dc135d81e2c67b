import { afterEach, beforeEach, expect, test } from "vitest";
import { type Simulator, startSimulator } from "./server.ts";

let simulator: Simulator;
beforeEach(async () => {
  simulator = await startSimulator({ port: 0, random: () => 0.5 });
});
afterEach(() => simulator.stop());

const chat = (body: unknown, init: RequestInit = {}) =>
  fetch(`${simulator.url}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    ...init,
  });
const ask = (content: string, init: RequestInit = {}) =>
  chat({ model: "sonar", messages: [{ role: "user", content }] }, init);
const control = (body: unknown) =>
  fetch(`${simulator.url}/control`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
type Klines = { retCode: number; result: { list: string[][] } };
const kline = async (query: string) =>
  (await (await fetch(`${simulator.url}/v5/market/kline?${query}`)).json()) as Klines;

test("a chat completion has the shape of the real API", async () => {
  const response = await ask("why?");
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    object: "chat.completion",
    model: "sonar",
    choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "Answer to: why?" } }],
    usage: { prompt_tokens: 1, completion_tokens: expect.any(Number), total_tokens: expect.any(Number) },
    citations: [expect.stringMatching(/^https:/)],
  });
});

test("a malformed chat request gets the real API's error and counts as malformed", async () => {
  const response = await chat({ model: "sonar", messages: [] });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error", param: "messages" } });
  expect(simulator.apis.chat.stats).toMatchObject({ received: 1, refused: 1, answered: 0 });
});

test("a wrong API key is rejected if one is required", async () => {
  await using strict = await startSimulator({ port: 0, apiKey: "right" });
  const response = await fetch(`${strict.url}/v1/chat/completions`, { method: "POST" });
  expect(response.status).toBe(401);
  expect(await response.json()).toMatchObject({ error: { code: "invalid_api_key" } });
});

test("klines come newest first, as arrays of strings, within the range and the limit", async () => {
  const body = await kline("category=spot&symbol=BTCUSDT&interval=60&limit=3&end=1700000000000");
  expect(body).toMatchObject({ retCode: 0, retMsg: "OK", result: { category: "spot", symbol: "BTCUSDT" } });
  const opened = body.result.list.map((row) => Number(row[0]));
  expect(opened).toEqual([1699999200000, 1699995600000, 1699992000000]);
  for (const row of body.result.list) expect(row).toEqual(Array(7).fill(expect.stringMatching(/^\d+(\.\d+)?$/)));
});

test.for(["M", "W", "D", "1"])("klines of interval %s are contiguous", async (interval) => {
  const { result } = await kline(`symbol=ETHUSDT&interval=${interval}&limit=20`);
  expect(new Set(result.list.map((row) => row[0])).size).toBe(20);
});

test.for(["symbol=btc&interval=1", "symbol=BTCUSDT&interval=7", "symbol=BTCUSDT&interval=1&limit=1001"])(
  "a bad kline query (%s) is answered with HTTP 200 and retCode 10001",
  async (query) => {
    expect(await kline(query)).toMatchObject({ retCode: 10001, result: {} });
  },
);

test("held requests are all answered when the stall ends", async () => {
  await control({ chat: { stall: true } });
  const held = Array.from({ length: 20 }, (_, n) => ask(`q${n}`));
  await expect.poll(() => simulator.apis.chat.stats.held).toBe(20);
  await control({ chat: { stall: false } });
  const statuses = (await Promise.all(held)).map((response) => response.status);
  expect(statuses).toEqual(Array(20).fill(200));
  expect(simulator.apis.chat.stats).toMatchObject({ received: 20, answered: 20, held: 0 });
  expect(Object.values(simulator.apis.chat.executions)).toEqual(Array(20).fill(1));
});

test("a client that leaves a held request counts as aborted, not as answered", async () => {
  await control({ chat: { stall: true } });
  const abort = new AbortController();
  const request = ask("q", { signal: abort.signal });
  await expect.poll(() => simulator.apis.chat.stats.held).toBe(1);
  abort.abort();
  await expect(request).rejects.toThrow();
  await expect.poll(() => simulator.apis.chat.stats).toMatchObject({ held: 0, aborted: 1, answered: 0 });
});

test("the error rate decides how many requests fail, the status is the requested one, and the other API is not affected", async () => {
  await control({ chat: { errorRate: 0.6, errorStatus: 429 } });
  const response = await ask("q");
  expect(response.status).toBe(429);
  expect(response.headers.get("retry-after")).toBe("1");
  expect(await response.json()).toMatchObject({ error: { code: "rate_limit_exceeded" } });
  await control({ chat: { errorRate: 0.4 } });
  expect((await ask("q")).status).toBe(200);
  expect(await kline("symbol=BTCUSDT&interval=1")).toMatchObject({ retCode: 0 });
});

test("one request in three fails, wherever the count begins, and all others are answered", async () => {
  await control({ chat: { errorRate: 1, errorStatus: 400, oneIn: 3 } });
  const statuses: number[] = [];
  for (let asked = 0; asked < 9; asked += 1) statuses.push((await ask("q")).status);
  expect(statuses.filter((status) => status === 400)).toHaveLength(3);
  expect(statuses.slice(0, 3)).toEqual(statuses.slice(3, 6));
});

test("latency delays the answer", async () => {
  await control({ chat: { latencyMs: 80 } });
  const startedAt = performance.now();
  await ask("q");
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(75);
});

test.for([{ chat: { latency: 1 } }, { chat: { errorRate: 2 } }, { other: {} }])(
  "control refuses what it does not know: %j",
  async (body) => {
    expect((await control(body)).status).toBe(400);
    expect(simulator.apis.chat.conditions).toMatchObject({ errorRate: 0 });
  },
);
