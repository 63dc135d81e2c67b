import { expect, onTestFinished, test, vi } from "vitest";
import { UpstreamError, ValidationError } from "../../errors.ts";
import { createKeys } from "../../keys.ts";
import { createLog } from "../../log.ts";
import { noTelemetry } from "../../metrics/telemetry.ts";
import type { Entry } from "../entry.ts";
import { Executor, failureOutcome } from "./executor.ts";
import type { RunnerSettings } from "./runnerSettings.ts";

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

test("a handler has its grace from its abort on, also where the process was held up and aborts late", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const outcomes: string[] = [];
  const executor = new Executor({
    queue: createKeys("mcp").queue("ml", "regular"),
    consumer: "regular_ml_0",
    idPrefix: "ml.regular.",
    handler: { type: "ml", run: () => new Promise(() => undefined) },
    settings: { ...settings, taskTimeoutMs: 300 } as RunnerSettings,
    cells: noTelemetry.lane("ml", "regular"),
    now: Date.now,
    random: Math.random,
    log: createLog("fatal", { write: () => undefined }),
    onOutcome: ({ kind }) => outcomes.push(kind),
    onCircuitOpen: () => undefined,
    onSlotFree: () => undefined,
  });
  executor.start({ id: "1-0", originId: "1-0", taskId: "t", attempts: 2, payloadJson: "1" } as Entry);
  vi.setSystemTime(Date.now() + 60_000);
  expect(executor.stuck()).toBeUndefined();
  vi.advanceTimersByTime(300);
  expect(outcomes).toEqual(["failed"]);
  expect(executor.stuck()).toEqual({ taskId: "t", abortedForMs: 0 });
  vi.advanceTimersByTime(500);
  expect(executor.stuck()).toEqual({ taskId: "t", abortedForMs: 500 });
});
