import { expect, onTestFinished, test, vi } from "vitest";
import { CircuitOpenError, MAX_RETRY_AFTER_MS, UpstreamError, ValidationError } from "../../errors.ts";
import { createKeys } from "../../keys.ts";
import { createLog } from "../../log.ts";
import { noTelemetry } from "../../metrics/telemetry.ts";
import type { Entry } from "../entry.ts";
import type { Outcome } from "../outcome.ts";
import { Executor, failureOutcome, type OpenCircuit } from "./executor.ts";
import type { TaskHandler } from "./handler.ts";
import type { RunnerSettings } from "./runnerSettings.ts";
import { SlotPool } from "./slotPool.ts";

const settings = { maxAttempts: 3, retryBaseMs: 1_000, retryCapMs: 60_000 };
const outcome = (error: unknown, attempts = 0) =>
  failureOutcome({ id: "1-0", taskId: "t", attempts } as Entry, error, settings, () => 0.5);

test("a refused payload and a permanent upstream error are dead at once", () => {
  expect(outcome(new ValidationError("ml", ["symbol: missing"]))).toMatchObject({
    kind: "failed",
    reason: "validation",
  });
  const refused = new UpstreamError("chat", "chat answered 400", { permanent: true });
  expect(outcome(refused)).toMatchObject({ kind: "failed", reason: "upstream", attempts: 1 });
});

test("other errors are retried until the attempts are spent", () => {
  const error = new UpstreamError("chat", "chat answered 500");
  expect(outcome(error, 1)).toMatchObject({ kind: "retried", attempts: 2 });
  expect(outcome(error, 2)).toMatchObject({ kind: "failed", reason: "upstream", attempts: 3 });
});

test("an upstream's Retry-After is waited, and the back-off on top", () => {
  const plain = outcome(new UpstreamError("chat", "429"));
  const asked = outcome(new UpstreamError("chat", "429", { retryAfterMs: 7_000 }));
  if (plain.kind !== "retried" || asked.kind !== "retried") throw new Error("not retried");
  expect(plain.delayMs).toBeGreaterThan(0);
  expect(asked.delayMs).toBe(plain.delayMs + 7_000);
});

test.each([
  [Number.NaN, 0],
  [-5, 0],
  ["5", 0],
  [undefined, 0],
  [Number.POSITIVE_INFINITY, MAX_RETRY_AFTER_MS],
  [1e12, MAX_RETRY_AFTER_MS],
])("a wish of %s for the next attempt counts as %i ms", (retryAfterMs, wishedMs) => {
  const plain = outcome(new UpstreamError("chat", "429"));
  const asked = outcome(new UpstreamError("chat", "429", { retryAfterMs: retryAfterMs as number }));
  if (plain.kind !== "retried" || asked.kind !== "retried") throw new Error("not retried");
  expect(asked.delayMs).toBe(plain.delayMs + wishedMs);
});

/** Runs one task with this handler, on clocks of this test's own. */
function execute(run: TaskHandler["run"], attempts = 0) {
  const outcomes: Outcome[] = [];
  const circuits: OpenCircuit[] = [];
  const clock = { wall: 1_700_000_000_000, monotonic: 5_000 };
  const pool = new SlotPool(8);
  const executor = new Executor({
    queue: createKeys("mcp").queue("ml", "regular"),
    consumer: "regular_ml_0",
    idPrefix: "ml.regular.",
    handler: { type: "ml", run },
    settings: { ...settings, taskTimeoutMs: 300, maxResultBytes: 100, resultTtlSeconds: 60 } as RunnerSettings,
    cells: noTelemetry.lane("ml", "regular"),
    clock: { wallMs: () => clock.wall, monotonicMs: () => clock.monotonic },
    random: Math.random,
    log: createLog("fatal", { write: () => undefined }),
    onOutcome: (reported) => outcomes.push(reported),
    onCircuitOpen: (_entry, circuit) => circuits.push(circuit),
  });
  const entry = { id: "1-0", originId: "1-0", taskId: "ml.regular.1-0", attempts, payloadJson: "1" } as Entry;
  executor.start(entry, { slot: pool.claim("regular", 1) });
  return { executor, outcomes, circuits, pool, clock };
}

/** An error of unknown code: every property throws. */
class Hostile extends Error {
  constructor() {
    super();
    for (const name of ["name", "message", "stack", "cause"]) {
      Object.defineProperty(this, name, {
        get: () => {
          throw new Error("no");
        },
      });
    }
  }
}

const hostileProxy = (target: object) =>
  new Proxy(target, {
    get: () => {
      throw new Error("no");
    },
    getPrototypeOf: () => {
      throw new Error("no");
    },
  });

const oddThrows: [string, () => unknown][] = [
  ["undefined", () => undefined],
  ["null", () => null],
  ["an object without a prototype", () => Object.create(null)],
  ["a symbol", () => Symbol("odd")],
  ["a function", () => () => undefined],
  ["an Error whose message is an object", () => Object.assign(new Error(), { message: Object.create(null) })],
  ["an Error whose name is a number", () => Object.assign(new Error("x"), { name: 5 })],
  ["an Error whose properties throw", () => new Hostile()],
  ["a proxy that throws", () => hostileProxy(new Error())],
  [
    "an upstream error of odd parts",
    () => Object.assign(new UpstreamError("chat", "x"), { code: {}, permanent: "no" }),
  ],
];

test.each(oddThrows)("a handler that throws %s has failed, and its worker lives", async (_, value) => {
  for (const run of [
    () => {
      throw value();
    },
    () => Promise.reject(value()),
    // biome-ignore lint/suspicious/noThenProperty: an odd thenable is what this is about.
    () => ({ then: (_resolve: unknown, reject: (error: unknown) => void) => reject(value()) }),
  ]) {
    const { executor, outcomes, pool } = execute(run);
    await executor.whenIdle();
    expect(outcomes).toMatchObject([{ kind: "retried", message: expect.any(String), code: expect.any(String) }]);
    expect(pool.used("regular")).toBe(0);
  }
});

// biome-ignore-start lint/suspicious/noThenProperty: odd thenables are what this is about.
class Thenable {
  get then() {
    return (resolve: (value: number) => void) => resolve(7);
  }
}
class ThrowingThenable {
  get then(): unknown {
    throw new Error("no then");
  }
}
// biome-ignore-end lint/suspicious/noThenProperty: odd thenables are what this is about.
const cyclic: Record<string, unknown> = {};
cyclic.self = cyclic;

test.each<[string, () => unknown, object]>([
  ["a plain value", () => "plain", { kind: "completed", result: expect.stringMatching(/ "plain"$/) }],
  ["nothing", () => undefined, { kind: "completed", result: expect.stringMatching(/ null$/) }],
  ["a promise", async () => [1], { kind: "completed", result: expect.stringMatching(/ \[1\]$/) }],
  ["a thenable", () => new Thenable(), { kind: "completed" }],
  ["a thenable whose then throws", () => new ThrowingThenable(), { kind: "retried", message: "no then" }],
  ["a proxy that throws", () => hostileProxy({}), { kind: "retried", message: "no" }],
  ["a cyclic object", () => cyclic, { kind: "retried", reason: "internal" }],
  ["a BigInt", () => 1n, { kind: "retried", reason: "internal" }],
  ["too much", () => "x".repeat(101), { kind: "retried", code: "RESULT_TOO_LARGE" }],
])("a handler may return %s", async (_, run, expected) => {
  const { executor, outcomes, pool } = execute(run);
  await executor.whenIdle();
  expect(outcomes).toMatchObject([expected]);
  expect(pool.used("regular")).toBe(0);
});

test("an open circuit spends no attempt, however odd its error is", async () => {
  const error = Object.assign(new CircuitOpenError("chat"), { subject: 5, retryAfterMs: "soon" });
  const { executor, outcomes, circuits, pool } = execute(() => Promise.reject(error));
  await executor.whenIdle();
  expect(outcomes).toEqual([]);
  expect(circuits).toMatchObject([{ subject: "an upstream", retryAfterMs: undefined }]);
  expect(pool.used("regular")).toBe(0);
});

test("a result says when its task started and ended, also where the wall clock was set back meanwhile", async () => {
  const handler = Promise.withResolvers<string>();
  const { executor, outcomes, clock } = execute(() => handler.promise);
  clock.wall -= 3_600_000;
  clock.monotonic += 120;
  handler.resolve("x");
  await executor.whenIdle();
  const finishedAtMs = 1_700_000_000_000 - 3_600_000;
  expect(outcomes).toMatchObject([{ result: `${finishedAtMs - 120} ${finishedAtMs} regular_ml_0 "x"` }]);
});

test("a time-out fires although the wall clock was set back", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { outcomes, clock, executor, pool } = execute(() => new Promise(() => undefined));
  clock.wall -= 3_600_000;
  clock.monotonic += 300;
  vi.advanceTimersByTime(300);
  expect(outcomes).toMatchObject([{ kind: "retried", reason: "timeout" }]);
  // Its handler goes on: it keeps its slot.
  expect([executor.running, pool.used("regular")]).toEqual([1, 1]);
});

test("a handler has its grace from its abort on, also where the process was held up and aborts late", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { outcomes, clock, executor } = execute(() => new Promise(() => undefined), 2);
  clock.monotonic += 60_000;
  expect(executor.stuck()).toBeUndefined();
  vi.advanceTimersByTime(300);
  expect(outcomes.map(({ kind }) => kind)).toEqual(["failed"]);
  expect(executor.stuck()).toEqual({ taskId: "ml.regular.1-0", abortedForMs: 0 });
  clock.monotonic += 500;
  expect(executor.stuck()).toEqual({ taskId: "ml.regular.1-0", abortedForMs: 500 });
});
