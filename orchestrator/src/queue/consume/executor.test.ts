import { expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import {
  CircuitOpenError,
  MAX_RETRY_AFTER_MS,
  TaskTimeoutError,
  UpstreamError,
  ValidationError,
} from "../../errors.ts";
import { createKeys } from "../../keys.ts";
import { createLog } from "../../log.ts";
import type { Lane } from "../../metrics/contract.ts";
import { noTelemetry } from "../../metrics/telemetry.ts";
import type { Entry } from "../entry.ts";
import type { Outcome } from "../outcome.ts";
import { completedRecord, packResult } from "../record.ts";
import { Executor, failureOutcome, type OpenCircuit } from "./executor.ts";
import type { TaskContext, TaskHandler } from "./handler.ts";
import type { RunnerSettings } from "./runnerSettings.ts";
import { SlotPool } from "./slotPool.ts";
import { type Probe, Suspension } from "./suspension.ts";

const settings = { maxAttempts: 3, retryBaseMs: 1_000, retryCapMs: 60_000 };
const outcome = (error: unknown, attempts = 0) =>
  failureOutcome({ id: "1-0", taskId: "t", attempts } as Entry, error, settings, () => 0.5);

test("an invalid payload and a permanent upstream error are not retried", () => {
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

test("the backoff is added to the Retry-After of the upstream", () => {
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
])("a Retry-After of %s counts as %i ms", (retryAfterMs, countedMs) => {
  const plain = outcome(new UpstreamError("chat", "429"));
  const asked = outcome(new UpstreamError("chat", "429", { retryAfterMs: retryAfterMs as number }));
  if (plain.kind !== "retried" || asked.kind !== "retried") throw new Error("not retried");
  expect(asked.delayMs).toBe(plain.delayMs + countedMs);
});

/** Runs one task with this handler and with clocks that the test sets. */
function execute(
  run: TaskHandler["run"],
  attempts = 0,
  {
    schema,
    probe,
    lane = "regular",
    resultTtlSeconds = 60,
    ...changed
  }: {
    schema?: z.ZodType;
    probe?: Probe | undefined;
    lane?: Lane;
    resultTtlSeconds?: number;
    taskId?: string;
    payloadJson?: string;
    digest?: string;
  } = {},
) {
  let retries = 0;
  const lines: string[] = [];
  const outcomes: Outcome[] = [];
  const circuits: OpenCircuit[] = [];
  const clock = { wall: 1_700_000_000_000, monotonic: 5_000 };
  const pool = new SlotPool(8);
  const executor = new Executor({
    queue: createKeys("mcp").queue("ml", lane),
    consumer: "regular_ml_0",
    idPrefix: "ml.regular.",
    handler: { type: "ml", run, ...(schema === undefined ? {} : { schema }) },
    settings: { ...settings, taskTimeoutMs: 300, maxResultBytes: 100, resultTtlSeconds } as RunnerSettings,
    counters: {
      ...noTelemetry.lane("ml", lane),
      retries: (count) => {
        retries += count;
      },
    },
    clock: { wallMs: () => clock.wall, monotonicMs: () => clock.monotonic },
    random: Math.random,
    log: createLog("warn", { write: (line) => lines.push(line) }),
    onOutcome: (reported) => outcomes.push(reported),
    onCircuitOpen: (_entry, circuit) => circuits.push(circuit),
  });
  const entry = {
    ...{ id: "1-0", originId: "1-0", taskId: "ml.regular.1-0", attempts, payloadJson: "1", waitedMs: 0 },
    ...changed,
  } satisfies Entry;
  const start = () => executor.start(entry, pool.claim("regular", 1), probe);
  start();
  return { executor, outcomes, circuits, pool, clock, lines, start, retries: () => retries };
}

/** An error whose properties all throw. */
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
    "an upstream error with properties of the wrong type",
    () => Object.assign(new UpstreamError("chat", "x"), { code: {}, permanent: "no" }),
  ],
];

test.each(oddThrows)("a handler that throws %s fails its task and not its worker", async (_, value) => {
  for (const run of [
    () => {
      throw value();
    },
    () => Promise.reject(value()),
    // biome-ignore lint/suspicious/noThenProperty: the test needs an odd thenable.
    () => ({ then: (_resolve: unknown, reject: (error: unknown) => void) => reject(value()) }),
  ]) {
    const { executor, outcomes, pool } = execute(run);
    await executor.whenIdle();
    expect(outcomes).toMatchObject([{ kind: "retried", message: expect.any(String), code: expect.any(String) }]);
    expect(pool.used("regular")).toBe(0);
  }
});

// biome-ignore-start lint/suspicious/noThenProperty: the tests need odd thenables.
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
// biome-ignore-end lint/suspicious/noThenProperty: the tests need odd thenables.
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
  ["a result of the allowed size", () => "x".repeat(98), { kind: "completed" }],
  [
    "a result that is too large",
    () => "x".repeat(101),
    { kind: "retried", code: "RESULT_TOO_LARGE", message: expect.stringContaining("larger than 100 bytes") },
  ],
])("a handler may return %s", async (_, run, expected) => {
  const { executor, outcomes, pool } = execute(run);
  await executor.whenIdle();
  expect(outcomes).toMatchObject([expected]);
  expect(pool.used("regular")).toBe(0);
});

test("an open circuit spends no attempt, even if its error has properties of the wrong type", async () => {
  const error = Object.assign(new CircuitOpenError("chat"), { subject: 5, retryAfterMs: "soon" });
  const { executor, outcomes, circuits, pool } = execute(() => Promise.reject(error));
  await executor.whenIdle();
  expect(outcomes).toEqual([]);
  expect(circuits).toMatchObject([{ subject: "an upstream", retryAfterMs: undefined }]);
  expect(pool.used("regular")).toBe(0);
});

test.each([
  [z.object({ symbol: z.object({ name: z.string() }) }), "payload: "],
  [
    z.preprocess((n) => ({ symbol: { name: n } }), z.object({ symbol: z.object({ name: z.string() }) })),
    "symbol.name: ",
  ],
])("a payload that the schema rejects fails with the path of what is wrong (%#)", async (schema, path) => {
  const { executor, outcomes } = execute(() => "x", 0, { schema });
  await executor.whenIdle();
  expect(outcomes).toMatchObject([{ reason: "validation", message: expect.stringContaining(`payload: ${path}`) }]);
});

test("a payload that is not JSON fails, and says so", async () => {
  const { executor, outcomes } = execute(() => "x", 0, { payloadJson: "{" });
  await executor.whenIdle();
  expect(outcomes).toMatchObject([{ reason: "validation", message: expect.stringContaining("payload: not JSON (") }]);
});

test("a probe that fails for another reason than the breaker ends the suspension", async () => {
  let nowMs = 0;
  const suspension = new Suspension(() => nowMs);
  suspension.circuitOpened({ subject: "chat", retryAfterMs: 100 });
  nowMs = 100;
  const { executor } = execute(() => Promise.reject(new Error("no")), 0, { probe: suspension.takeProbe() });
  await executor.whenIdle();
  expect(suspension.active).toBe(false);
});

test("five slow tasks per second are logged", async () => {
  const halves = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let started = 0;
  const { executor, clock, lines, start } = execute(() => halves[Math.floor(started++ / 3)]?.promise);
  while (started < 7) start();
  for (const [at, half] of halves.entries()) {
    clock.monotonic = [6_000, 6_999, 7_000][at] ?? 0;
    half.resolve();
    await vi.waitFor(() => expect(executor.running).toBe([4, 1, 0][at]));
  }
  expect(lines.filter((line) => /task \S+ took \d+ ms/.test(line))).toHaveLength(5 + 1);
});

test("a result has correct start and end times although the wall clock was set back", async () => {
  const handler = Promise.withResolvers<string>();
  const { executor, outcomes, clock } = execute(() => handler.promise);
  clock.wall -= 3_600_000;
  clock.monotonic += 120;
  handler.resolve("x");
  await executor.whenIdle();
  const finishedAtMs = 1_700_000_000_000 - 3_600_000;
  expect(outcomes).toMatchObject([{ result: `${finishedAtMs - 120} ${finishedAtMs} regular_ml_0 "x"` }]);
});

test.each([0, 1, 2])("after %i attempts, another one counts as a retry unless it is the first", async (attempts) => {
  const { executor, retries } = execute(() => "x", attempts);
  await executor.whenIdle();
  expect(retries()).toBe(attempts === 0 ? 0 : 1);
});

test("the result of a task with a record is stored in it, with all attempts and the digest", async () => {
  for (const digest of ["rAb", undefined]) {
    const task = { taskId: "mine", ...(digest === undefined ? {} : { digest }) };
    const { executor, outcomes, clock } = execute(() => "x", 2, task);
    await executor.whenIdle();
    const result = completedRecord(
      { originId: "1-0", entryId: "1-0", stream: "mcp:queue:ml", ...(digest === undefined ? {} : { digest }) },
      3,
      packResult(clock.wall, clock.wall, "regular_ml_0", '"x"'),
    );
    expect(outcomes).toMatchObject([{ kind: "completed", taskId: "mine", hasRecord: true, result }]);
  }
});

test("no result is stored if results are not kept", async () => {
  for (const taskId of ["ml.regular.1-0", "mine"]) {
    const { executor, outcomes } = execute(() => "x", 0, { taskId, resultTtlSeconds: 0 });
    await executor.whenIdle();
    expect(outcomes).toMatchObject([{ kind: "completed", result: "", hasRecord: taskId === "mine" }]);
  }
});

test("a slow task of the express lane has the words that runbooks search for", async () => {
  for (const [lane, tookMs, line] of [
    ["express", 100, "EXPRESS SLOW: task ml.regular.1-0 took 100 ms"],
    ["regular", 1_000, "task ml.regular.1-0 took 1000 ms"],
  ] as const) {
    const handler = Promise.withResolvers<void>();
    const { executor, clock, lines } = execute(() => handler.promise, 0, { lane });
    clock.monotonic += tookMs;
    handler.resolve();
    await executor.whenIdle();
    expect(lines.map((text) => JSON.parse(text).msg)).toEqual([line]);
  }
});

test("the executor is idle only when no handler runs", async () => {
  const handlers = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let started = 0;
  const { executor, start } = execute(() => handlers[started++]?.promise);
  start();
  let idle = false;
  const whenIdle = executor.whenIdle().then(() => {
    idle = true;
  });
  handlers[0]?.resolve();
  await vi.waitFor(() => expect(executor.running).toBe(1));
  expect(idle).toBe(false);
  handlers[1]?.resolve();
  await whenIdle;
});

test.each(["resolves", "rejects"])("a handler that %s after its timeout changes nothing", async (how) => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const handler = Promise.withResolvers<void>();
  const { outcomes, clock, executor, pool } = execute(() => handler.promise);
  clock.monotonic += 300;
  vi.advanceTimersByTime(300);
  if (how === "resolves") handler.resolve();
  else handler.reject(new Error("late"));
  await executor.whenIdle();
  expect(outcomes).toMatchObject([{ kind: "retried", reason: "timeout" }]);
  expect([executor.stuck(), pool.used("regular")]).toEqual([undefined, 0]);
});

test("the signal of a task is aborted with the timeout, also if its handler first asks for it then", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const contexts: TaskContext[] = [];
  const { clock, start } = execute((_, context) => {
    contexts.push(context);
    return new Promise(() => undefined);
  });
  start();
  const [early, late] = contexts;
  const { signal } = early as TaskContext;
  expect(signal.aborted).toBe(false);
  clock.monotonic += 300;
  vi.advanceTimersByTime(300);
  for (const { aborted, reason } of [signal, (late as TaskContext).signal]) {
    expect([aborted, reason]).toEqual([true, expect.any(TaskTimeoutError)]);
  }
});

test("a timeout fires although the wall clock was set back", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { outcomes, clock, executor, pool } = execute(() => new Promise(() => undefined));
  clock.wall -= 3_600_000;
  clock.monotonic += 300;
  vi.advanceTimersByTime(300);
  expect(outcomes).toMatchObject([{ kind: "retried", reason: "timeout" }]);
  // The handler still runs, so it keeps its slot.
  expect([executor.running, pool.used("regular")]).toEqual([1, 1]);
});

test("the grace of a handler starts with its abort, even if a blocked process aborts late", () => {
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
