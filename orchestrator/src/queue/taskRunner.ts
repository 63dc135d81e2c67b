import type { Logger } from "pino";
import { messageOf } from "../errors.ts";
import { consumerName, type Keys } from "../keys.ts";
import { LANES, type Lane } from "../metrics/contract.ts";
import type { Telemetry } from "../metrics/telemetry.ts";
import type { ConnectionPurpose, RedisClient } from "../redis/connection.ts";
import { RobustRedisACKHandler } from "./ackHandler.ts";
import { createCompletion } from "./completion.ts";
import { readPaused } from "./controls.ts";
import { Executor } from "./executor.ts";
import { ensureGroup } from "./groups.ts";
import type { TaskHandler } from "./handler.ts";
import { LaneRunner } from "./laneRunner.ts";
import { releasePending } from "./leases.ts";
import { PauseWatch } from "./pauseWatch.ts";
import { Recovery } from "./recovery.ts";
import type { RunnerSettings } from "./runnerSettings.ts";
import { SlotPool } from "./slotPool.ts";
import { Suspension, type SuspensionReason } from "./suspension.ts";
import { generatedTaskIdPrefix } from "./taskId.ts";

export type TaskRunnerDeps = {
  readonly type: string;
  /** Number of the worker among those of its type, from 0. */
  readonly index: number;
  /** Name of the replica; empty where there is one. */
  readonly instance: string;
  readonly keys: Keys;
  readonly settings: RunnerSettings;
  /** Opens connections; the runner closes those that it opened. */
  readonly openRedis: (purpose: ConnectionPurpose, name: string) => RedisClient;
  readonly handler: TaskHandler;
  readonly telemetry: Telemetry;
  readonly now: () => number;
  readonly random: () => number;
  readonly log: Logger;
};

/** What a worker can say about itself. */
export type RunnerHealth = {
  /** Epoch ms; 0 before the first poll. */
  readonly lastPollCompletedAtMs: Readonly<Record<Lane, number>>;
  /** Tasks that run. */
  readonly inFlight: number;
  /** Finished tasks whose acknowledgement is on its way. */
  readonly unacknowledged: number;
  readonly suspended?: SuspensionReason;
  /** A task that ignores its abort signal: the process has to go. */
  readonly stuck?: { readonly taskId: string; readonly overdueMs: number };
};

type LaneParts = {
  readonly lane: Lane;
  readonly consumer: string;
  readonly runner: LaneRunner;
  readonly acks: RobustRedisACKHandler;
  readonly executor: Executor;
  readonly recovery: Recovery;
};

/** Runs the tasks of one type in this process: two lanes that share its slots, and the recovery of both. */
export class TaskRunner {
  readonly #deps: TaskRunnerDeps;
  readonly #redis: RedisClient;
  readonly #pool: SlotPool;
  readonly #suspension: Suspension;
  readonly #pause: PauseWatch;
  readonly #lanes: readonly LaneParts[];
  readonly #timers: NodeJS.Timeout[] = [];
  #loops: Promise<void>[] = [];
  #quarantine = true;
  #stopping = false;
  #recovering: Promise<unknown> | undefined;

  constructor(deps: TaskRunnerDeps) {
    this.#deps = deps;
    this.#pool = new SlotPool(deps.settings.concurrency);
    this.#suspension = new Suspension(deps.now);
    this.#redis = deps.openRedis("commands", `${deps.type}_${deps.index}`);
    this.#redis.on("error", (error) => deps.log.debug({ error: messageOf(error) }, "Redis connection failed"));
    this.#pause = new PauseWatch({
      read: () => readPaused(this.#redis, deps.keys, deps.type),
      onPaused: (paused) => this.#suspension.setPaused(paused),
      onError: (error) => this.#redisFailed(error),
    });
    this.#lanes = LANES.map((lane) => this.#createLane(lane));
  }

  /** Starts both lanes. They connect, and go on connecting, in the background. */
  start(): void {
    this.#loops = this.#lanes.map(({ runner }) => runner.run());
    this.#every(this.#deps.settings.orphanRecoveryIntervalMs, () => this.#recover());
  }

  /**
   * Stops reading, waits for what runs, acknowledges it, and hands back what is left, ready to be taken over.
   *
   * @param timeoutMs how long tasks that run may take
   */
  async drain(timeoutMs: number): Promise<void> {
    this.#stopping = true;
    for (const timer of this.#timers) clearInterval(timer);
    for (const { runner } of this.#lanes) runner.stop();
    await Promise.all(this.#loops);
    await this.#recovering?.catch(() => undefined);
    const deadlineMs = this.#deps.now() + timeoutMs;
    while (this.health().inFlight > 0 && this.#deps.now() < deadlineMs) await pause();
    const acknowledged = Promise.all(this.#lanes.map(({ acks }) => acks.whenDrained(true)));
    await Promise.race([acknowledged, pause(Math.max(1_000, deadlineMs - this.#deps.now()))]);
    for (const { lane, consumer, executor } of this.#lanes) {
      executor.stop();
      const queue = this.#deps.keys.queue(this.#deps.type, lane);
      const idleMs = this.#deps.settings.orphanMinIdleMs;
      await releasePending(this.#redis, this.#deps.keys, queue, consumer, idleMs).catch((error) =>
        this.#deps.log.warn({ consumer, error: messageOf(error) }, "pending entries could not be handed back"),
      );
    }
    this.#redis.disconnect();
  }

  /** State of this worker; cheap. */
  health(): RunnerHealth {
    const stuck = this.#lanes.map(({ executor }) => executor.stuck()).find((found) => found !== undefined);
    const suspended = this.#suspension.reason;
    const lastPolls = this.#lanes.map(({ lane, runner }) => [lane, runner.lastPollCompletedAtMs]);
    return {
      lastPollCompletedAtMs: Object.fromEntries(lastPolls) as Record<Lane, number>,
      inFlight: this.#lanes.reduce((sum, { executor }) => sum + executor.running, 0),
      unacknowledged: this.#lanes.reduce((sum, { acks }) => sum + acks.backlog, 0),
      ...(suspended === undefined ? {} : { suspended }),
      ...(stuck === undefined ? {} : { stuck }),
    };
  }

  #createLane(lane: Lane): LaneParts {
    const { type, index, instance, keys, settings, telemetry, now, random, openRedis } = this.#deps;
    const queue = keys.queue(type, lane);
    const consumer = consumerName(type, lane, index, instance);
    const log = this.#deps.log.child({ type, lane });
    const cells = telemetry.lane(type, lane);
    const idPrefix = generatedTaskIdPrefix(type, lane);
    const redis = this.#redis;
    const known = new Set<string>();
    const suspension = this.#suspension;
    const maxBacklog = Math.max(2 * settings.concurrency, 64);
    const acks = new RobustRedisACKHandler({
      complete: createCompletion({
        redis,
        keys,
        queue,
        consumer,
        resultTtlSeconds: settings.resultTtlSeconds,
        expectedPending: 2 * (settings.concurrency + maxBacklog),
      }),
      cells,
      backoffMs: settings.ackBackoffMs,
      maxBacklog,
      random,
      log,
      onEnd: (entryId) => {
        known.delete(entryId);
        runner.ended(entryId);
      },
      onGroupMissing: () => ensureGroup(redis, queue),
    });
    const executor = new Executor({
      queue,
      consumer,
      idPrefix,
      handler: this.#deps.handler,
      settings,
      cells,
      now,
      random,
      log,
      onOutcome: (outcome) => {
        suspension.taskEnded();
        acks.add(outcome);
      },
      onCircuitOpen: (entry, error) => {
        if (suspension.reason === undefined)
          log.warn({ upstream: error.subject }, `consumption paused: ${error.message}`);
        suspension.circuitOpened(error);
        runner.hold(entry);
        runner.ended(entry.id);
      },
      onSlotFree: () => this.#pool.release(lane, 1),
    });
    const recovery = new Recovery(redis, keys, queue, consumer, idPrefix);
    const runner = new LaneRunner({
      queue,
      idPrefix,
      connection: {
        open: () => openRedis("blocking", consumer),
        queue,
        consumer,
        blockMs: settings.blockMs,
        connectTimeoutMs: settings.connectTimeoutMs,
        marginMs: settings.commandTimeoutMs,
      },
      pool: this.#pool,
      acks,
      executor,
      recovery,
      suspension,
      pause: this.#pause,
      known,
      cells,
      deliveryLimit: settings.deliveryLimit,
      now,
      random,
      log,
      ensureGroup: () => ensureGroup(redis, queue),
      quarantined: () => this.#quarantined(),
    });
    return { lane, consumer, runner, acks, executor, recovery };
  }

  /** At the start, suspects of both lanes run before anything else does, so that they take nothing down with them. */
  #quarantined(): boolean {
    if (!this.#quarantine) return false;
    const connected = this.#lanes.every(({ runner }) => runner.lastPollCompletedAtMs > 0);
    if (connected && this.#lanes.every(({ runner }) => runner.suspects === 0)) this.#quarantine = false;
    return this.#quarantine;
  }

  /** One round of orphan recovery in both lanes. */
  async #recover(): Promise<void> {
    const { settings } = this.#deps;
    const limit = Math.max(256, 4 * settings.concurrency);
    const recoverLane = async ({ runner, recovery }: LaneParts) => {
      let taken: number;
      do {
        const claimed = await Promise.all([
          recovery.claimStranded(limit),
          recovery.claimOrphans(settings.orphanMinIdleMs, limit),
        ]);
        taken = claimed.flat().length;
        // What was just taken over is on its way to nobody.
        await runner.recoverOwn(taken > 0);
        // Leave the rest to other workers until this one has started most of what it took.
        while (!this.#stopping && runner.lost > limit / 2) await pause();
      } while (taken >= limit && !this.#stopping);
    };
    this.#recovering = Promise.all(this.#lanes.map(recoverLane));
    await this.#recovering;
  }

  #redisFailed(error: unknown): void {
    this.#deps.log.warn({ error: messageOf(error) }, `Redis connection: ${messageOf(error)}`);
  }

  #every(intervalMs: number, work: () => Promise<void>): void {
    let running = false;
    this.#timers.push(
      setInterval(() => {
        if (running) return;
        running = true;
        work()
          .catch((error) => this.#redisFailed(error))
          .finally(() => {
            running = false;
          });
      }, intervalMs),
    );
  }
}

function pause(ms = 5): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
