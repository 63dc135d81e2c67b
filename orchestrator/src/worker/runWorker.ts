import { flushCompileCache } from "node:module";
import { constants, getPriority, setPriority } from "node:os";
import { systemClock } from "../clock.ts";
import type { Config } from "../config.ts";
import { messageOf, NotFoundError } from "../errors.ts";
import { loadHandlers } from "../handlers/registry.ts";
import { createKeys } from "../keys.ts";
import type { Log } from "../log.ts";
import type { Lane } from "../metrics/contract.ts";
import { CounterDeltas } from "../metrics/counterDeltas.ts";
import { createLayout } from "../metrics/layout.ts";
import type { RunnerSettings } from "../queue/consume/runnerSettings.ts";
import { type RunnerHealth, TaskRunner } from "../queue/consume/taskRunner.ts";
import { createRedis } from "../redis/connection.ts";
import type { FromWorker, Heartbeat, ToWorker } from "../supervisor/protocol.ts";
import { createUpstreams } from "../upstream/upstreams.ts";
import { Reporter } from "./reporter.ts";

export type WorkerDeps = {
  readonly type: string;
  readonly index: number;
  readonly config: Config;
  readonly log: Log;
};

/** Composition root of a worker process. Starts at the start message of the main process, and exits after a drain. */
export async function runWorker({ type, index, config, log }: WorkerDeps): Promise<void> {
  const send = (message: FromWorker, sent: () => void = () => undefined) => {
    // Fails only if the main process has ended. Then this process ends too, by its disconnect.
    if (process.connected) process.send?.(message, undefined, undefined, () => sent());
    else sent();
  };
  const messages = listen(() => send({ kind: "draining" }));
  const start = await messages.start;
  log.level = start.logLevel;
  messages.onLevel((level) => {
    log.level = level;
  });

  const counters = new CounterDeltas(createLayout(start.types));
  const upstreams = createUpstreams(config.upstreams, {
    telemetry: counters.telemetry,
    log,
    now: () => performance.now(),
    publish: (upstream, event) => send({ kind: "circuit", upstream, event }),
  });
  messages.onCircuit(({ event, upstream }) => upstreams.observe(upstream, event));
  const handler = (await loadHandlers(config.handlers, upstreams)).get(type);
  if (handler === undefined) throw new NotFoundError("task handler", type);

  const runner = new TaskRunner({
    type,
    index,
    instance: start.instance,
    keys: createKeys(config.keyPrefix),
    settings: runnerSettings(type, config),
    openRedis: (purpose, name) => createRedis(config.redis, purpose, name),
    handler,
    telemetry: counters.telemetry,
    onDelayed: (delayMs) => reporter.delayed(delayMs),
    clock: systemClock,
    random: Math.random,
    log,
  });
  const reporter = new Reporter({
    send,
    counters,
    health: () => heartbeatOf(runner.health(), systemClock.monotonicMs(), config.tasks.abortGraceMs),
    heartbeatIntervalMs: config.workers.heartbeatIntervalMs,
    now: systemClock.monotonicMs,
  });

  messages.onRecover(() => runner.recover());
  void runner.start().then(() => {
    // Claims entries of an ended replica now, not after the first interval.
    runner.recover();
    lowerPriority(config.workers.nice, log);
    // Reports at once that this worker is ready.
    reporter.beat();
  });
  reporter.start();
  // For the next worker. Without this, a killed worker would not save its compiled code.
  flushCompileCache();
  const timeoutMs = await messages.drain(config.shutdownTimeoutMs);
  await runner.drain(timeoutMs);
  await reporter.stop();
  process.exit(0);
}

/** Gives the main process priority over this worker. Not before its start, which would be far slower on a busy machine. */
function lowerPriority(nice: number, log: Log): void {
  if (nice === 0) return;
  try {
    setPriority(Math.min(getPriority() + nice, constants.priority.PRIORITY_LOW));
  } catch (error) {
    // A sandbox may forbid it. The worker continues.
    log.warn({ err: error }, `The worker keeps the priority of the main process: ${messageOf(error)}`);
  }
}

type Start = Extract<ToWorker, { kind: "start" }>;
type Circuit = Extract<ToWorker, { kind: "circuit" }>;

/**
 * Receives the messages of the main process. SIGTERM starts a drain. SIGINT is ignored: Ctrl-C reaches the whole process
 * group, and the main process handles it.
 *
 * @param onSigterm called at each SIGTERM
 */
function listen(onSigterm: () => void) {
  const start = Promise.withResolvers<Start>();
  const drain = Promise.withResolvers<number | undefined>();
  let onLevel = (_level: string): void => undefined;
  let onCircuit = (_message: Circuit): void => undefined;
  let onRecover = (): void => undefined;
  process.on("message", (message: ToWorker) => {
    if (message.kind === "start") start.resolve(message);
    else if (message.kind === "drain") drain.resolve(message.timeoutMs);
    else if (message.kind === "circuit") onCircuit(message);
    else if (message.kind === "level") onLevel(message.logLevel);
    else onRecover();
  });
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => {
    onSigterm();
    drain.resolve(undefined);
  });
  return {
    start: start.promise,
    onLevel: (listener: typeof onLevel) => {
      onLevel = listener;
    },
    onCircuit: (listener: typeof onCircuit) => {
      onCircuit = listener;
    },
    onRecover: (listener: typeof onRecover) => {
      onRecover = listener;
    },
    /** Resolves at the start of a drain, with its time limit. */
    drain: async (defaultTimeoutMs: number) => (await drain.promise) ?? defaultTimeoutMs,
  };
}

function runnerSettings(type: string, { delivery, redis, tasks, workers }: Config): RunnerSettings {
  const override = tasks.overrides[type];
  return {
    concurrency: workers.concurrency,
    blockMs: delivery.blockMs,
    connectTimeoutMs: redis.connectTimeoutMs,
    commandTimeoutMs: redis.commandTimeoutMs,
    taskTimeoutMs: override?.timeoutMs ?? tasks.timeoutMs,
    maxAttempts: override?.maxAttempts ?? tasks.maxAttempts,
    retryBaseMs: tasks.retryBaseMs,
    retryCapMs: tasks.retryCapMs,
    resultTtlSeconds: tasks.resultTtlSeconds,
    maxResultBytes: tasks.maxResultBytes,
    ackBackoffMs: delivery.ackBackoffMs,
    orphanRecoveryIntervalMs: delivery.orphanRecoveryIntervalMs,
    orphanMinIdleMs: delivery.orphanMinIdleMs,
    deathLimit: delivery.deliveryLimit,
  };
}

function heartbeatOf(health: RunnerHealth, nowMs: number, abortGraceMs: number): Omit<Heartbeat, "kind" | "rssBytes"> {
  const { lastPollCompletedAtMs, suspended, stuck } = health;
  // Messages are JSON, which has no Infinity.
  const ageMs = (lane: Lane) => Math.min(nowMs - lastPollCompletedAtMs[lane], Number.MAX_SAFE_INTEGER);
  return {
    pollAgeMs: { express: ageMs("express"), regular: ageMs("regular") },
    inFlight: health.inFlight,
    paused: suspended === undefined ? "" : pauseOf(suspended),
    stuckTask: stuck !== undefined && stuck.abortedForMs > abortGraceMs ? stuck.taskId : "",
  };
}

function pauseOf(reason: NonNullable<RunnerHealth["suspended"]>): string {
  return reason.kind === "paused" ? "paused by an administrator" : `circuit breaker of ${reason.upstream} is open`;
}
