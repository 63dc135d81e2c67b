import { type SimulatorProcess, startSimulatorProcess } from "@mcp-orchestrator/e2e/simulator";
import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { CircuitOpenError, UpstreamError } from "../../src/errors.ts";
import type { Upstream } from "../../src/metrics/contract.ts";
import type { CircuitState } from "../../src/metrics/telemetry.ts";
import type { CircuitEvent } from "../../src/upstream/breaker.ts";
import { createUpstreams, type UpstreamSettings, type Upstreams } from "../../src/upstream/upstreams.ts";

let simulator: SimulatorProcess;
let upstreams: Upstreams | undefined;
let outcomes: string[];
let circuit: CircuitState[];
let published: [Upstream, CircuitEvent][];

beforeAll(async () => {
  simulator = await startSimulatorProcess();
});
afterAll(() => simulator[Symbol.asyncDispose]());
beforeEach(async () => {
  outcomes = [];
  circuit = [];
  published = [];
  await simulator.reset();
});
afterEach(() => upstreams?.close());

/** Long enough that a call after a failure is in time on a busy machine. */
const RESET_MS = 1_500;
const SETTINGS = { consecutiveFailures: 5, failureRatio: 0.5, windowMs: 5_000, minPerSecond: 50, resetMs: RESET_MS };
const noLog = { info: () => undefined, warn: () => undefined, error: () => undefined };

function build(changes: Partial<UpstreamSettings> = {}, url = simulator.url): Upstreams {
  const settings: UpstreamSettings = {
    timeoutMs: 2_000,
    retries: 1,
    maxConcurrent: 32,
    breaker: SETTINGS,
    cacheMaxAgeMs: 0,
    chat: { baseUrl: url, model: "sonar" },
    market: { baseUrl: url },
    ...changes,
  };
  const counters = {
    request: (outcome: string) => outcomes.push(outcome),
    circuit: (state: CircuitState) => circuit.push(state),
  };
  upstreams = createUpstreams(settings, {
    telemetry: { upstream: () => counters },
    log: noLog,
    now: () => performance.now(),
    publish: (upstream, event) => published.push([upstream, event]),
  });
  return upstreams;
}

const never = new AbortController().signal;
const ask = (api: Upstreams, content: string, signal: AbortSignal = never) =>
  api.chat.complete({ messages: [{ role: "user", content }] }, signal);
const btc = { category: "linear", symbol: "BTCUSDT", interval: "60", limit: 20 } as const;

/** Makes failing calls until the breaker rejects one. */
async function open(api: Upstreams, call: () => Promise<unknown> = () => ask(api, "fails")): Promise<void> {
  for (let tries = 0; tries < 50; tries += 1) {
    const error = await call().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error instanceof CircuitOpenError) return;
  }
  throw new Error(`the breaker is still closed; outcomes: ${outcomes}`);
}

test("a chat completion contains its usage and citations", async () => {
  const { value, degraded } = await ask(build(), "why?");
  expect(degraded).toBe(false);
  expect(value).toMatchObject({
    content: "Answer to: why?",
    model: "sonar",
    usage: { total_tokens: expect.any(Number) },
    citations: [expect.any(String)],
  });
  expect(outcomes).toEqual(["ok"]);
});

test("a base URL may have a path", async () => {
  const api = build({ chat: { baseUrl: `${simulator.url}/v1/`, model: "sonar" } });
  expect((await ask(api, "why?")).value.content).toBe("Answer to: why?");
});

test("klines are returned oldest first, as numbers", async () => {
  const { value } = await build().market.klines(btc, never);
  expect(value).toHaveLength(20);
  const times = value.map(({ openedAtMs }) => openedAtMs);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(value[0]).toMatchObject({ open: expect.any(Number), close: expect.any(Number), volume: expect.any(Number) });
});

test.for([
  [400, true, "error"],
  [401, false, "denied"],
  [402, false, "denied"],
  [403, false, "denied"],
  [404, true, "error"],
  [408, false, "error"],
  [429, false, "denied"],
  [500, false, "error"],
  [503, false, "error"],
] as const)("an answer of %i is permanent: %s, and counted as %s", async ([errorStatus, permanent, outcome]) => {
  await simulator.control({ chat: { errorRate: 1, errorStatus } });
  const error = await ask(build(), "q").catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UpstreamError);
  expect(error).toMatchObject({ permanent, subject: "chat" });
  expect((error as UpstreamError).retryAfterMs).toBe(errorStatus === 429 || errorStatus === 503 ? 1000 : undefined);
  // One request: only connection failures are retried here. The retry of the task follows later.
  expect((await simulator.stats()).chat.received).toBe(1);
  expect(outcomes).toEqual([outcome]);
});

test("an error of the market API with HTTP 200 is an error", async () => {
  const error = await build()
    .market.klines({ ...btc, symbol: "no such symbol" }, never)
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ permanent: true, message: expect.stringContaining("retCode 10001") });
  expect(outcomes).toEqual(["error"]);
});

test("the timeout of one call does not affect the others", async () => {
  await simulator.control({ chat: { stall: true } });
  const api = build({ timeoutMs: 2_000 });
  const early = ask(api, "early").catch((thrown: unknown) => thrown);
  await eventually(
    () => simulator.stats(),
    ({ chat }) => chat.held === 1,
  );
  const abort = new AbortController();
  const aborted = ask(api, "aborted", abort.signal).catch((thrown: unknown) => thrown);
  await eventually(
    () => simulator.stats(),
    ({ chat }) => chat.held === 2,
  );
  abort.abort(new Error("the task's time is over"));
  expect(await aborted).toMatchObject({ message: "the task's time is over" });
  await eventually(
    () => simulator.stats(),
    ({ chat }) => chat.aborted === 1,
  );
  expect((await simulator.stats()).chat.held).toBe(1);
  expect(await early).toMatchObject({ permanent: false, message: expect.stringContaining("timeout") });
  const later = ask(api, "later");
  await eventually(
    () => simulator.stats(),
    ({ chat }) => chat.held === 1,
  );
  await simulator.control({ chat: { stall: false } });
  expect((await later).value.content).toBe("Answer to: later");
  expect(outcomes).toEqual(["timeout", "timeout", "ok"]);
});

test("the breaker opens after failures, allows one probe after its time, and closes when it succeeds", async () => {
  await simulator.control({ chat: { errorRate: 1, errorStatus: 500 } });
  const api = build();
  for (let n = 1; n < SETTINGS.consecutiveFailures; n += 1) {
    await expect(ask(api, "q")).rejects.toMatchObject({ name: "UpstreamError", permanent: false });
  }
  // The failure that opens the breaker spends no attempt of its task, and contains the reason.
  await expect(ask(api, "q")).rejects.toMatchObject({
    name: "CircuitOpenError",
    message: expect.stringContaining("chat answered 500"),
    cause: expect.any(UpstreamError),
  });
  const { received } = (await simulator.stats()).chat;
  const refusal = await ask(api, "q").catch((thrown: unknown) => thrown);
  expect(refusal).toBeInstanceOf(CircuitOpenError);
  expect((refusal as CircuitOpenError).cause).toBeUndefined();
  const { retryAfterMs = Number.NaN } = refusal as CircuitOpenError;
  expect(retryAfterMs).toBeGreaterThan(0);
  expect(retryAfterMs).toBeLessThanOrEqual(RESET_MS);
  expect((await simulator.stats()).chat.received).toBe(received);
  expect(outcomes).toEqual([...new Array(SETTINGS.consecutiveFailures).fill("error"), "rejected"]);

  // One of many simultaneous calls is the probe. It fails, and the others are rejected without reaching the upstream.
  const state = () => circuit.at(-1);
  await eventually(state, (seen) => seen === "half_open");
  const refused = await Promise.all(Array.from({ length: 10 }, () => ask(api, "q").catch((thrown: unknown) => thrown)));
  expect(refused.filter((error) => error instanceof CircuitOpenError)).toHaveLength(10);
  expect((await simulator.stats()).chat.received).toBe(received + 1);
  expect(state()).toBe("open");

  await simulator.control({ chat: { errorRate: 0 } });
  await eventually(state, (seen) => seen === "half_open");
  expect((await ask(api, "once more")).value.content).toBe("Answer to: once more");
  expect(circuit).toEqual(["closed", "closed", "open", "half_open", "open", "half_open", "closed"]);
  expect(published.slice(-3)).toEqual([
    ["chat", { kind: "opened", openMs: RESET_MS }],
    ["chat", { kind: "opened", openMs: RESET_MS }],
    ["chat", { kind: "closed" }],
  ]);
});

test.for([401, 402, 403, 429])(
  "an upstream that rejects this client with %i suspends its tasks",
  async (errorStatus) => {
    await simulator.control({ chat: { errorRate: 1, errorStatus } });
    await open(build());
    expect(circuit.at(-1)).toBe("open");
  },
);

test("failures in a row count over all workers", async () => {
  await simulator.control({ chat: { errorRate: 1, errorStatus: 500 } });
  const api = build();
  await expect(ask(api, "q")).rejects.toThrow("500");
  expect(published).toEqual([["chat", { kind: "failed" }]]);
  for (let n = 2; n < SETTINGS.consecutiveFailures; n += 1) api.observe("chat", { kind: "failed" });
  await expect(ask(api, "q")).rejects.toThrow(CircuitOpenError);
});

test("the breaker stays closed if only the requests are wrong", async () => {
  await simulator.control({ chat: { errorRate: 1, errorStatus: 400 } });
  const api = build();
  for (let n = 0; n < 20; n += 1) await expect(ask(api, "q")).rejects.toMatchObject({ permanent: true });
  expect(circuit).not.toContain("open");
});

test("the breaker of one upstream does not affect the other", async () => {
  await simulator.control({ chat: { errorRate: 1, errorStatus: 500 } });
  const api = build();
  await open(api);
  expect((await api.market.klines(btc, never)).degraded).toBe(false);
  await expect(ask(api, "q")).rejects.toThrow(CircuitOpenError);
});

test("while the breaker is open, a cached answer is used and marked degraded, until it is too old", async () => {
  const api = build({ cacheMaxAgeMs: 4_000, breaker: { ...SETTINGS, resetMs: 60_000 } });
  const fresh = await ask(api, "known");
  await simulator.control({ chat: { errorRate: 1, errorStatus: 500 } });
  await open(api);
  expect(await ask(api, "known")).toEqual({ value: fresh.value, degraded: true });
  await expect(ask(api, "unknown")).rejects.toThrow(CircuitOpenError);
  await eventually(
    () => ask(api, "known").catch((thrown: unknown) => thrown),
    (seen) => seen instanceof CircuitOpenError,
  );
});

test("an unreachable upstream is retried at once, then reported, and used again after its return", async () => {
  const gone = await startSimulatorProcess();
  await gone[Symbol.asyncDispose]();
  const api = build({ retries: 2 }, gone.url);
  const startedAtMs = performance.now();
  const error = await ask(api, "q").catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ permanent: false, message: expect.stringContaining("ECONNREFUSED") });
  // Two retries, each after a pause.
  expect(performance.now() - startedAtMs).toBeGreaterThan(30);
  await using _back = await startSimulatorProcess({ port: Number(new URL(gone.url).port) });
  expect((await ask(api, "back")).value.content).toBe("Answer to: back");
});

test("calls above the concurrency limit wait, and too many are rejected", async () => {
  await simulator.control({ chat: { stall: true } });
  const api = build({ maxConcurrent: 2 });
  const calls = Array.from({ length: 5 }, (_, n) => ask(api, `q${n}`).catch((thrown: unknown) => thrown));
  expect(await calls[4]).toMatchObject({ permanent: false, message: expect.stringContaining("too many") });
  await eventually(
    () => simulator.stats(),
    ({ chat }) => chat.held === 2,
  );
  await simulator.control({ chat: { stall: false } });
  for (const call of calls.slice(0, 4)) expect(await call).toMatchObject({ degraded: false });
});
