import { messageOf } from "../../errors.ts";
import { LANES, type Lane } from "../../metrics/contract.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { within } from "../../within.ts";
import { readPaused } from "../controls.ts";
import { WorkerLane, type WorkerLaneDeps } from "./lane.ts";
import { PauseWatch } from "./pauseWatch.ts";
import { Quarantine } from "./quarantine.ts";
import { SlotPool } from "./slotPool.ts";
import { Suspension, type SuspensionReason } from "./suspension.ts";

export type TaskRunnerDeps = Omit<WorkerLaneDeps, "redis" | "pool" | "suspension" | "pause" | "quarantine">;

/** Finished tasks are acknowledged for at least this time when a worker is drained. */
const LEAST_ACKNOWLEDGE_MS = 1_000;

/** What a worker can say about itself. */
export type RunnerHealth = {
  /** Monotonic time of the last answer to each lane's connection; -Infinity before the first. */
  readonly lastPollCompletedAtMs: Readonly<Record<Lane, number>>;
  /** Tasks that run. */
  readonly inFlight: number;
  /** Finished tasks whose acknowledgement is on its way. */
  readonly unacknowledged: number;
  readonly suspended?: SuspensionReason;
  /** A task that ignores its abort signal: the process has to go. */
  readonly stuck?: { readonly taskId: string; readonly abortedForMs: number };
};

/** Runs the tasks of one type in this process: two lanes that share its slots, and the recovery of both. */
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
    redis.on("error", (error) => deps.log.debug({ error: messageOf(error) }, "Redis connection failed"));
    const suspension = new Suspension(deps.clock.monotonicMs);
    const shared = {
      redis,
      pool: new SlotPool(deps.settings.concurrency),
      suspension,
      pause: new PauseWatch({
        read: () => readPaused(redis, deps.keys, deps.type),
        onPaused: (paused) => suspension.setPaused(paused),
        onError: (error) => this.#redisFailed(error),
      }),
      quarantine: new Quarantine(),
    };
    this.#redis = redis;
    this.#suspension = suspension;
    this.#lanes = LANES.map((lane) => new WorkerLane(lane, { ...deps, ...shared }));
  }

  /**
   * Starts both lanes. They connect, and go on connecting, in the background.
   *
   * @returns resolves when both read for the first time
   */
  start(): Promise<unknown> {
    this.#loops = this.#lanes.map((lane) => lane.run());
    this.#recovery = setInterval(() => this.#recover(), this.#deps.settings.orphanRecoveryIntervalMs);
    return Promise.all(this.#lanes.map((lane) => lane.connected));
  }

  /**
   * Stops reading, waits for what runs, acknowledges it, and hands back what is left, ready to be taken over.
   *
   * @param timeoutMs how long tasks that run may take
   */
  async drain(timeoutMs: number): Promise<void> {
    const { monotonicMs } = this.#deps.clock;
    this.#stopping = true;
    clearInterval(this.#recovery);
    for (const lane of this.#lanes) lane.stop();
    await Promise.all(this.#loops);
    await this.#recovering;
    const deadlineMs = monotonicMs() + timeoutMs;
    await within(Promise.all(this.#lanes.map((lane) => lane.whenIdle())), timeoutMs, undefined);
    const leftMs = Math.max(LEAST_ACKNOWLEDGE_MS, deadlineMs - monotonicMs());
    await within(Promise.all(this.#lanes.map((lane) => lane.whenAcknowledged())), leftMs, undefined);
    for (const lane of this.#lanes) await lane.handBack();
    this.#redis.disconnect();
  }

  /** State of this worker; cheap. */
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

  /** Has a round of orphan recovery begin as soon as the one under way, if there is one, has ended. */
  recover(): void {
    if (this.#recovering === undefined) this.#recover();
    else void this.#recovering.then(() => this.#recover());
  }

  /** One round of orphan recovery in both lanes, unless the last one is still under way. */
  #recover(): void {
    if (this.#stopping) return;
    const round = (lane: WorkerLane) => lane.recover().catch((error) => this.#redisFailed(error));
    this.#recovering ??= Promise.all(this.#lanes.map(round)).finally(() => {
      this.#recovering = undefined;
    });
  }

  #redisFailed(error: unknown): void {
    this.#deps.log.warn({ error: messageOf(error) }, `Redis connection: ${messageOf(error)}`);
  }
}
