import type { ChildProcess } from "node:child_process";
import { pino } from "pino";
import { createKeys } from "../../src/keys.ts";
import { noTelemetry } from "../../src/metrics/telemetry.ts";
import type { RunnerSettings } from "../../src/queue/consume/runnerSettings.ts";
import { Acceptances } from "../../src/queue/submit/acceptances.ts";
import { MemoryGuard } from "../../src/queue/submit/memoryGuard.ts";
import { Submission } from "../../src/queue/submit/submission.ts";
import { DEFAULT_PRIORITY, EXPRESS_PRIORITY } from "../../src/queue/task.ts";
import { generatedTaskIdPrefix } from "../../src/queue/taskId.ts";
import { createRedis, type RedisSettings } from "../../src/redis/connection.ts";
import { start } from "../harness/processes.ts";
import { type Peer, type Producer, QUEUE, RESULT_TTL_SECONDS, scan, type WorkerOptions } from "./peer.ts";

export const KEY_PREFIX = "bench";
const keys = createKeys(KEY_PREFIX);

/** `telemetry: false` gives the runner the telemetry that counts nothing. */
export type OursWorkerOptions = WorkerOptions & { readonly index: number; readonly telemetry: boolean };

export function redisSettings(url: string): RedisSettings {
  return { url, sentinels: [], sentinelName: "", clusterNodes: [], connectTimeoutMs: 5_000, commandTimeoutMs: 10_000 };
}

/** Settings of a worker: the defaults of the service, except those of the scenario. */
export function runnerSettings({ concurrency, keepResults }: WorkerOptions): RunnerSettings {
  return {
    // The pool keeps one slot for the other lane.
    concurrency: Math.max(2, concurrency),
    blockMs: 2_000,
    connectTimeoutMs: 5_000,
    commandTimeoutMs: 2_000,
    taskTimeoutMs: 30_000,
    maxAttempts: 3,
    retryBaseMs: 1_000,
    retryCapMs: 60_000,
    resultTtlSeconds: keepResults ? RESULT_TTL_SECONDS : 0,
    maxResultBytes: 1_048_576,
    ackBackoffMs: 200,
    orphanRecoveryIntervalMs: 30_000,
    orphanMinIdleMs: 60_000,
    deathLimit: 5,
  };
}

/** A producer that uses the class behind the HTTP API. */
export async function openOurs(url: string, priority = DEFAULT_PRIORITY): Promise<Producer> {
  const redis = createRedis(redisSettings(url), "commands", "bench");
  const submission = new Submission({
    redis,
    keys,
    types: [QUEUE],
    maxQueueDepth: 10_000_000,
    rateLimitPerSecond: 0,
    acceptances: new Acceptances(redis, keys, [QUEUE], "bench", pino({ level: "silent" })),
    memory: new MemoryGuard(redis, 0.8, () => performance.now()),
    telemetry: noTelemetry,
    onDelayed: () => undefined,
    now: Date.now,
    monotonicMs: () => performance.now(),
  });
  return {
    async enqueue(payloads) {
      const receipts = await submission.submit(
        payloads.map((payload) => ({ type: QUEUE, priority, payloadJson: JSON.stringify(payload) })),
      );
      return receipts.map(({ taskId }) => taskId);
    },
    async [Symbol.asyncDispose]() {
      redis.disconnect();
    },
  };
}

export const openExpress = (url: string) => openOurs(url, EXPRESS_PRIORITY);

export function startOurs(options: WorkerOptions, telemetry: boolean): ChildProcess[] {
  return Array.from({ length: options.processes }, (_, index) => {
    const worker: OursWorkerOptions = { ...options, index, telemetry };
    return start(new URL("./oursWorker.ts", import.meta.url), { args: [JSON.stringify(worker)] });
  });
}

/** The orchestrator: Submission and TaskRunner, with full instrumentation. */
export const ours: Peer = {
  name: "ours",
  title: "mcp-orchestrator",
  open: (url) => openOurs(url),
  startWorkers: (options) => startOurs(options, true),

  async unfinished(redis) {
    // Acknowledged entries are deleted, so the remaining ones wait or are pending.
    return { count: await redis.xlen(keys.queue(QUEUE, "regular").stream), commands: 1 };
  },

  async recorded(redis) {
    const hashes = await scan(redis, `${keys.resultsPrefix(QUEUE, "regular")}*`);
    const pipeline = redis.pipeline();
    for (const hash of hashes) pipeline.hkeys(hash);
    const entryIds = (await pipeline.exec())?.flatMap(([, fields]) => fields as string[]) ?? [];
    return new Set(entryIds.map((id) => generatedTaskIdPrefix(QUEUE, "regular") + id));
  },

  async finished(redis) {
    return Number(await redis.hget(keys.ledger(QUEUE), "regular:completed"));
  },
};
