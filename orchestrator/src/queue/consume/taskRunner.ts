import { messageOf } from "../../errors.ts";
import { LANES, type Lane } from "../../metrics/contract.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { connectionFailure, RedisCommandError } from "../../redis/redisError.ts";
import { within } from "../../within.ts";
import { readPaused } from "../switches.ts";
import { WorkerLane, type WorkerLaneDeps } from "./lane.ts";
import { PauseWatch } from "./pauseWatch.ts";
import { Quarantine } from "./quarantine.ts";
import { SlotPool } from "./slotPool.ts";
import { Suspension, type SuspensionReason } from "./suspension.ts";

export type TaskRunnerDeps = Omit<WorkerLaneDeps, "redis" | "pool" | "suspension" | "pause" | "quarantine">;

/** A drain allows at least this much time for the commands that are in progress, and for the last acknowledgements. */
const MIN_COMMANDS_MS = 1_000;

/** The health that a worker reports. */
export type RunnerHealth = {
  /** Monotonic time of the last answer on the connection of each lane; -Infinity before the first. */
  readonly lastPollCompletedAtMs: Readonly<Record<Lane, number>>;
  /** Tasks that run. */
  readonly inFlight: number;
  /** Finished tasks that are not acknowledged yet. */
  readonly unacknowledged: number;
  readonly suspended?: SuspensionReason;
  /** A task that ignores its abort signal. The process must be restarted. */
  readonly stuck?: { readonly taskId: string; readonly abortedForMs: number };
};

/** Runs the tasks of one type in this process: two lanes with shared slots, and orphan recovery for both. */
export class TaskRunner {
  readonly #deps: TaskRunnerDeps;
  readonly #redis: RedisClient;
  readonly #suspension: Suspension;
  readonly #lanes: readonly WorkerLane[];
  #recovery: NodeJS.Timeout | undefined;
  #loops: Promise<void>[] = [];
  #recovering: Promise<unknown> | undefined;
  #stopping = false;

  constructor(deps: TaskRunnerDeps) {
    this.#deps = deps;
    const redis = deps.openRedis("commands", `${deps.type}_${deps.index}`);
    redis.on("error", (error) => deps.log.debug({ error: connectionFailure(error) }, "Redis connection failed"));
    const suspension = new Suspension(deps.clock.monotonicMs);
    const shared = {
      redis,
      pool: new SlotPool(deps.settings.concurrency),
      suspension,
      pause: new PauseWatch({
        read: () => readPaused(redis, deps.keys, deps.type),
        onPaused: (paused) => suspension.setPaused(paused),
        onError: (error) => this.#logFailure("Reading the pause switch", error),
      }),
      quarantine: new Quarantine(),
    };
    this.#redis = redis;
    this.#suspension = suspension;
    this.#lanes = LANES.map((lane) => new WorkerLane(lane, { ...deps, ...shared }));
  }

  /**
   * Starts both lanes. They connect in the background and retry until they succeed.
   *
   * @returns resolves when both are ready to read for the first time
   */
  start(): Promise<unknown> {
    this.#loops = this.#lanes.map((lane) => lane.run());
    this.#recovery = setInterval(() => this.#recover(), this.#deps.settings.orphanRecoveryIntervalMs);
    return Promise.all(this.#lanes.map((lane) => lane.connected));
  }

  /**
   * Stops reading, waits for running tasks and their acknowledgement, and releases the remaining entries to other workers.
   *
   * @param timeoutMs time for the running tasks
   */
  async drain(timeoutMs: number): Promise<void> {
    const { monotonicMs } = this.#deps.clock;
    this.#stopping = true;
    clearInterval(this.#recovery);
    for (const lane of this.#lanes) lane.stop();
    const deadlineMs = monotonicMs() + timeoutMs;
    const leftMs = (atLeastMs: number) => Math.max(atLeastMs, deadlineMs - monotonicMs());
    // A Redis that does not answer must not take the time of the running tasks, or of the release.
    await within(Promise.all([...this.#loops, this.#recovering]), leftMs(MIN_COMMANDS_MS), undefined);
    await within(Promise.all(this.#lanes.map((lane) => lane.whenIdle())), leftMs(0), undefined);
    await within(Promise.all(this.#lanes.map((lane) => lane.whenAcknowledged())), leftMs(MIN_COMMANDS_MS), undefined);
    await Promise.all(this.#lanes.map((lane) => lane.releasePending()));
    this.#redis.disconnect();
  }

  /** The current health. Sends no command. */
  health(): RunnerHealth {
    const stuck = this.#lanes.map((lane) => lane.stuck()).find((found) => found !== undefined);
    const suspended = this.#suspension.reason;
    const lastPolls = this.#lanes.map(({ lane, lastPollCompletedAtMs = Number.NEGATIVE_INFINITY }) => [
      lane,
      lastPollCompletedAtMs,
    ]);
    return {
      lastPollCompletedAtMs: Object.fromEntries(lastPolls) as Record<Lane, number>,
      inFlight: this.#lanes.reduce((sum, { inFlight }) => sum + inFlight, 0),
      unacknowledged: this.#lanes.reduce((sum, { unacknowledged }) => sum + unacknowledged, 0),
      ...(suspended === undefined ? {} : { suspended }),
      ...(stuck === undefined ? {} : { stuck }),
    };
  }

  /** Starts a round of orphan recovery, after the current one if there is one. */
  recover(): void {
    if (this.#recovering === undefined) this.#recover();
    else void this.#recovering.then(() => this.#recover());
  }

  /** Starts a round of orphan recovery in both lanes, unless one is in progress. */
  #recover(): void {
    if (this.#stopping) return;
    const round = (lane: WorkerLane) => lane.recover().catch((error) => this.#logFailure("Orphan recovery", error));
    this.#recovering ??= Promise.all(this.#lanes.map(round)).finally(() => {
      this.#recovering = undefined;
    });
  }

  #logFailure(what: string, error: unknown): void {
    const { log } = this.#deps;
    if (error instanceof RedisCommandError) {
      log.warn({ kind: error.kind, error: error.message }, `Redis connection: ${error.message}`);
    } else {
      log.error({ err: error }, `${what} failed: ${messageOf(error)}`);
    }
  }
}
