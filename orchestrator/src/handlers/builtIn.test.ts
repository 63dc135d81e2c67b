import { pino } from "pino";
import { expect, test } from "vitest";
import { UpstreamError } from "../errors.ts";
import type { TaskHandler } from "../queue/consume/handler.ts";
import type { ChatRequest } from "../upstream/chat.ts";
import type { Kline } from "../upstream/market.ts";
import { codegenHandler, reasoningHandler } from "./chat.ts";
import { mlHandler } from "./ml.ts";

/** Runs a handler as the worker does: parses the payload with the schema first. */
async function run(handler: TaskHandler, payload: unknown): Promise<unknown> {
  const log = pino({ enabled: false });
  const context = { taskId: "t", attempt: 1, signal: new AbortController().signal, log };
  return await handler.run(handler.schema?.parse(payload), context);
}

function chatThat(degraded: boolean) {
  const asked: ChatRequest[] = [];
  const complete = async (request: ChatRequest) => {
    asked.push(request);
    return { value: { content: "42", model: "sonar" }, degraded };
  };
  return { asked, complete };
}

test("a prompt is sent with the system prompt and the temperature of the type", async () => {
  const chat = chatThat(false);
  expect(await run(reasoningHandler(chat), { prompt: "why?" })).toEqual({ content: "42", model: "sonar" });
  await run(codegenHandler(chat), { prompt: "sort", temperature: 0.7, model: "big", max_tokens: 100 });
  expect(chat.asked).toMatchObject([
    { temperature: 0.2, messages: [{ role: "system" }, { role: "user", content: "why?" }] },
    { temperature: 0.7, model: "big", max_tokens: 100, messages: [{ role: "system" }, { content: "sort" }] },
  ]);
  expect(chat.asked[0]?.messages[0]).not.toEqual(chat.asked[1]?.messages[0]);
});

test("a conversation keeps its own system message", async () => {
  const chat = chatThat(false);
  const messages = [
    { role: "system", content: "be brief" },
    { role: "user", content: "why?" },
  ];
  await run(reasoningHandler(chat), { messages });
  expect(chat.asked[0]?.messages).toEqual(messages);
});

test("a substitute answer is marked in the result", async () => {
  expect(await run(reasoningHandler(chatThat(true)), { prompt: "why?" })).toMatchObject({ degraded: true });
});

test.for([
  {},
  { prompt: "" },
  { prompt: "a", messages: [{ role: "user", content: "b" }] },
  { messages: [] },
  { messages: [{ role: "wizard", content: "b" }] },
  { prompt: "a", temperature: 3 },
  { prompt: "a", max_tokens: 0 },
  { prompt: "a", stream: true },
  "prompt",
  null,
])("the chat payload %j is invalid", (payload) => {
  expect(reasoningHandler(chatThat(false)).schema?.safeParse(payload).success).toBe(false);
});

const klines: Kline[] = Array.from({ length: 20 }, (_, n) => {
  const price = 100 + n;
  return { openedAtMs: n * 3_600_000, open: price, high: price, low: price, close: price, volume: 1 };
});

test("a market is summarized and forecast, with defaults for everything except the symbol", async () => {
  const queries: unknown[] = [];
  const market = {
    klines: async (query: unknown) => {
      queries.push(query);
      return { value: klines, degraded: true };
    },
  };
  expect(await run(mlHandler(market), { symbol: "BTCUSDT" })).toMatchObject({
    symbol: "BTCUSDT",
    candles: 20,
    to_ms: 19 * 3_600_000,
    close: { last: 119 },
    trend: { direction: "up", predictions: { length: 10 } },
    degraded: true,
  });
  expect(queries).toEqual([{ symbol: "BTCUSDT", category: "linear", interval: "60", limit: 200 }]);
});

test("too few candles for a forecast are a permanent failure", async () => {
  const market = { klines: async () => ({ value: klines.slice(0, 5), degraded: false }) };
  const error = await run(mlHandler(market), { symbol: "NEWUSDT" }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UpstreamError);
  expect(error).toMatchObject({ permanent: true });
});

test.for([{}, { symbol: "btc" }, { symbol: "BTCUSDT", interval: "7" }, { symbol: "BTCUSDT", start: 2, end: 1 }])(
  "the market payload %j is invalid",
  (payload) => {
    const market = { klines: async () => ({ value: klines, degraded: false }) };
    expect(mlHandler(market).schema?.safeParse(payload).success).toBe(false);
  },
);
