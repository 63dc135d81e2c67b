import { pino } from "pino";
import { systemClock } from "../../src/clock.ts";
import { createKeys } from "../../src/keys.ts";
import { noTelemetry, type Telemetry } from "../../src/metrics/telemetry.ts";
import type { TaskHandler } from "../../src/queue/consume/handler.ts";
import type { RunnerSettings } from "../../src/queue/consume/runnerSettings.ts";
import { TaskRunner, type TaskRunnerDeps } from "../../src/queue/consume/taskRunner.ts";
import { Acceptances } from "../../src/queue/submit/acceptances.ts";
import { MemoryGuard } from "../../src/queue/submit/memoryGuard.ts";
import { Submission, type SubmissionDeps } from "../../src/queue/submit/submission.ts";
import { createRedis, type RedisClient } from "../../src/redis/connection.ts";
import type { RedisServer } from "./redisServer.ts";

export const TYPE = "reasoning";
export const keys = createKeys("mcp");

/** Settings with short intervals for tests. */
export const testSettings: RunnerSettings = {
  concurrency: 8,
  blockMs: 200,
  connectTimeoutMs: 1_000,
  commandTimeoutMs: 1_000,
  taskTimeoutMs: 5_000,
  maxAttempts: 3,
  retryBaseMs: 20,
  retryCapMs: 100,
  resultTtlSeconds: 600,
  maxResultBytes: 1_000_000,
  ackBackoffMs: 20,
  orphanRecoveryIntervalMs: 100,
  orphanMinIdleMs: 400,
  deathLimit: 5,
};

/** Starts a worker on a real server, in this process. */
export function startRunner(
  server: Pick<RedisServer, "settings">,
  run: TaskHandler["run"],
  settings: Partial<RunnerSettings> = {},
  deps: Partial<TaskRunnerDeps> = {},
): TaskRunner {
  const runner = new TaskRunner({
    type: TYPE,
    index: 0,
    instance: "",
    keys,
    settings: { ...testSettings, ...settings },
    openRedis: (purpose, name) => createRedis(server.settings(), purpose, name),
    handler: { type: TYPE, run },
    telemetry: noTelemetry,
    onDelayed: () => undefined,
    clock: systemClock,
    random: Math.random,
    log: pino({ level: "silent" }),
    ...deps,
  });
  runner.start();
  return runner;
}

/** Creates a submission on a real server. */
export function createSubmission(redis: RedisClient, deps: Partial<SubmissionDeps> = {}): Submission {
  return new Submission({
    redis,
    keys,
    types: [TYPE],
    maxQueueDepth: 1_000_000,
    rateLimitPerSecond: 0,
    acceptances: new Acceptances(redis, deps.keys ?? keys, [TYPE], "test", pino({ level: "silent" })),
    memory: new MemoryGuard(redis, 0.8, () => performance.now()),
    telemetry: noTelemetry,
    onDelayed: () => undefined,
    now: Date.now,
    monotonicMs: () => performance.now(),
    ...deps,
  });
}

/** Telemetry that counts its calls. */
export function countingTelemetry(): { telemetry: Telemetry; counts: Record<string, number> } {
  const counts: Record<string, number> = {};
  const add = (name: string, count: number) => {
    counts[name] = (counts[name] ?? 0) + count;
  };
  const telemetry: Telemetry = {
    lane: (_type, lane) => ({
      submitted: (cause, count) => add(`${lane} submitted ${cause}`, count),
      enqueued: (count) => add(`${lane} enqueued`, count),
      completed: (count) => add(`${lane} completed`, count),
      failed: (reason, count) => add(`${lane} failed ${reason}`, count),
      latency: () => add(`${lane} latencies`, 1),
      wait: () => add(`${lane} waits`, 1),
      ackAttempts: (ok, error) => {
        add(`${lane} acks ok`, ok);
        add(`${lane} acks error`, error);
      },
      ackFailures: (count) => add(`${lane} ack failures`, count),
      orphans: (count) => add(`${lane} orphans`, count),
      retries: (count) => add(`${lane} retries`, count),
      lateFinishes: (count) => add(`${lane} late`, count),
    }),
    invalid: (_type, lane) => add(`${lane} submitted invalid`, 1),
    upstream: noTelemetry.upstream,
    http: noTelemetry.http,
    redis: noTelemetry.redis,
  };
  return { telemetry, counts };
}
