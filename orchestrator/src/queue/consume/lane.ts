import type { Logger } from "pino";
import type { Clock } from "../../clock.ts";
import { messageOf } from "../../errors.ts";
import { consumerName, type Keys, type QueueKeys } from "../../keys.ts";
import type { Lane } from "../../metrics/contract.ts";
import type { Telemetry } from "../../metrics/telemetry.ts";
import type { ConnectionPurpose, RedisClient } from "../../redis/connection.ts";
import { checkSchema } from "../../redis/schema.ts";
import { RobustRedisACKHandler } from "../complete/ackHandler.ts";
import { createCompletion } from "../complete/completion.ts";
import { EntryTable } from "../entryTable.ts";
import { ensureGroup } from "../groups.ts";
import { releasePending } from "../recover/leases.ts";
import { Recovery } from "../recover/recovery.ts";
import { generatedTaskIdPrefix } from "../taskId.ts";
import { Executor } from "./executor.ts";
import type { TaskHandler } from "./handler.ts";
import { Intake } from "./intake.ts";
import { LaneRunner } from "./laneRunner.ts";
import type { PauseWatch } from "./pauseWatch.ts";
import type { Quarantine } from "./quarantine.ts";
import type { RunnerSettings } from "./runnerSettings.ts";
import type { SlotPool } from "./slotPool.ts";
import type { Suspension } from "./suspension.ts";
import { WaitingEntries } from "./waitingEntries.ts";

/** Bytes of outcomes to keep after their acknowledgement failed for good. */
const MAX_UNACKNOWLEDGED_BYTES = 64 * 1024 ** 2;

export type WorkerLaneDeps = {
  readonly type: string;
  /** Number of the worker within its type, from 0. */
  readonly index: number;
  /** Name of the replica; empty if there is only one. */
  readonly instance: string;
  readonly keys: Keys;
  readonly settings: RunnerSettings;
  /** Opens a connection. The lane closes it. */
  readonly openRedis: (purpose: ConnectionPurpose, name: string) => RedisClient;
  readonly handler: TaskHandler;
  readonly telemetry: Telemetry;
  /** Called with the delay for each task that is retried. */
  readonly onDelayed: (delayMs: number) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  // Shared by both lanes of the worker.
  readonly redis: RedisClient;
  readonly pool: SlotPool;
  readonly suspension: Suspension;
  readonly pause: PauseWatch;
  readonly quarantine: Quarantine;
};

/** One lane of a worker: read, intake, executor, acknowledgement, and the entries that wait in between. */
export class WorkerLane {
  readonly lane: Lane;
  readonly #deps: WorkerLaneDeps;
  readonly #queue: QueueKeys;
  readonly #consumer: string;
  readonly #table: EntryTable;
  readonly #acks: RobustRedisACKHandler;
  readonly #executor: Executor;
  readonly #recovery: Recovery;
  readonly #waiting: WaitingEntries;
  readonly #runner: LaneRunner;
  readonly #stopped = Promise.withResolvers<void>();
  #stopping = false;

  constructor(lane: Lane, deps: WorkerLaneDeps) {
    const { type, index, instance, keys, settings, handler, telemetry, clock, random, suspension, redis } = deps;
    const queue = keys.queue(type, lane);
    const consumer = consumerName(type, lane, index, instance);
    const idPrefix = generatedTaskIdPrefix(type, lane);
    const log = deps.log.child({ type, lane });
    const counters = telemetry.lane(type, lane);
    const maxBacklog = Math.max(2 * settings.concurrency, 64);
    // A failover or a restore can bring data of another release. The worker must not read them.
    const prepare = async () => {
      await checkSchema(redis, keys);
      await ensureGroup(redis, queue);
    };

    const table = new EntryTable(10 * maxBacklog, MAX_UNACKNOWLEDGED_BYTES);
    deps.quarantine.watch(lane, table);
    const acks = new RobustRedisACKHandler({
      complete: createCompletion({
        redis,
        keys,
        queue,
        consumer,
        resultTtlSeconds: settings.resultTtlSeconds,
        expectedPending: 2 * (settings.concurrency + maxBacklog),
      }),
      table,
      counters,
      backoffMs: settings.ackBackoffMs,
      maxBacklog,
      random,
      log,
      onDelayed: deps.onDelayed,
      onGroupMissing: prepare,
    });
    const executor = new Executor({
      queue,
      consumer,
      idPrefix,
      handler,
      settings,
      counters,
      clock,
      random,
      log,
      onOutcome: (outcome) => acks.add(outcome),
      onCircuitOpen: (entry, circuit) => {
        if (!suspension.active) log.warn({ upstream: circuit.subject }, `consumption paused: ${circuit.message}`);
        suspension.circuitOpened(circuit);
        table.defer(entry);
      },
    });
    const recovery = new Recovery(redis, keys, queue, consumer, idPrefix);
    const intake = new Intake({
      queue,
      idPrefix,
      deathLimit: settings.deathLimit,
      table,
      executor,
      acks,
      suspension,
      log,
    });
    const waiting = new WaitingEntries({ queue, consumer, table, acks, executor, intake, recovery, counters, log });
    this.#runner = new LaneRunner({
      lane,
      connection: {
        open: () => deps.openRedis("blocking", consumer),
        queue,
        consumer,
        blockMs: settings.blockMs,
        connectTimeoutMs: settings.connectTimeoutMs,
        marginMs: settings.commandTimeoutMs,
      },
      pool: deps.pool,
      table,
      acks,
      intake,
      waiting,
      suspension,
      pause: deps.pause,
      quarantine: deps.quarantine,
      monotonicMs: clock.monotonicMs,
      random,
      log,
      prepare,
    });
    this.lane = lane;
    this.#deps = deps;
    this.#queue = queue;
    this.#consumer = consumer;
    this.#table = table;
    this.#acks = acks;
    this.#executor = executor;
    this.#recovery = recovery;
    this.#waiting = waiting;
  }

  /** Resolves when the lane is ready to read for the first time. */
  get connected(): Promise<void> {
    return this.#runner.connected;
  }

  /** Monotonic time of the last answer on the connection of this lane; undefined before the first. */
  get lastPollCompletedAtMs(): number | undefined {
    return this.#runner.lastPollCompletedAtMs;
  }

  /** Tasks that run. */
  get inFlight(): number {
    return this.#executor.running;
  }

  /** Finished tasks that are not acknowledged yet. */
  get unacknowledged(): number {
    return this.#acks.backlog;
  }

  /** The task that has ignored its abort signal for the longest time; undefined if there is none. */
  stuck(): { readonly taskId: string; readonly abortedForMs: number } | undefined {
    return this.#executor.stuck();
  }

  /** Reads and starts tasks until `stop`. Never rejects. */
  run(): Promise<void> {
    return this.#runner.run();
  }

  /** Stops reading at once. Tasks that run continue. */
  stop(): void {
    this.#stopping = true;
    this.#stopped.resolve();
    this.#runner.stop();
  }

  /** Resolves when no task runs. */
  whenIdle(): Promise<void> {
    return this.#executor.whenIdle();
  }

  /** Resolves when each finished task is acknowledged or its acknowledgement has failed for good. */
  whenAcknowledged(): Promise<void> {
    return this.#acks.whenDrained(true);
  }

  /** One round of orphan recovery: claims entries on which no worker works, and finds lost entries of this consumer. */
  async recover(): Promise<void> {
    const { settings } = this.#deps;
    const limit = Math.max(256, 4 * settings.concurrency);
    let taken: Set<string>;
    do {
      // In parallel: almost always, all three find nothing.
      const [unowned, orphans] = await Promise.all([
        this.#recovery.claimUnowned(limit),
        this.#recovery.claimOrphans(settings.orphanMinIdleMs, limit),
        this.#waiting.recoverOwn(() => false),
      ]);
      taken = new Set([...unowned, ...orphans]);
      // No read in progress can return the entries that were just claimed.
      if (taken.size > 0) await this.#waiting.recoverOwn((id) => taken.has(id));
      // Leaves the rest to other workers until this one has started most of what it claimed.
      await Promise.race([this.#table.whenRecoveredAtMost(limit / 2), this.#stopped.promise]);
    } while (taken.size >= limit && !this.#stopping);
  }

  /** Releases the remaining pending entries, so that other workers can claim them. Never rejects. */
  async releasePending(): Promise<void> {
    const { keys, redis, settings, log } = this.#deps;
    this.#executor.stop();
    await releasePending(redis, keys, this.#queue, this.#consumer, settings.orphanMinIdleMs).catch((error) =>
      log.warn({ consumer: this.#consumer, error: messageOf(error) }, "Pending entries could not be released"),
    );
  }
}
