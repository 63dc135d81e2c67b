import type { Logger } from "pino";
import { messageOf } from "../../errors.ts";
import type { Keys } from "../../keys.ts";
import { LANES, type Lane } from "../../metrics/contract.ts";
import type { Telemetry } from "../../metrics/telemetry.ts";
import type { ConnectionPurpose, RedisClient } from "../../redis/connection.ts";
import { readPaused } from "../controls.ts";
import { releasePending } from "../recover/leases.ts";
import type { TaskHandler } from "./handler.ts";
import { createLane, type LaneParts } from "./lane.ts";
import { PauseWatch } from "./pauseWatch.ts";
import type { RunnerSettings } from "./runnerSettings.ts";
import { SlotPool } from "./slotPool.ts";
import { Suspension, type SuspensionReason } from "./suspension.ts";

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
  /** Told of every task that is tried again, and after how long. */
  readonly onDelayed: (delayMs: number) => void;
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
  readonly stuck?: { readonly taskId: string; readonly abortedForMs: number };
};

/** Runs the tasks of one type in this process: two lanes that share its slots, and the recovery of both. */
export class TaskRunner {
  readonly #deps: TaskRunnerDeps;
  readonly #redis: RedisClient;
  readonly #suspension: Suspension;
  readonly #lanes: readonly LaneParts[];
  #recovery: NodeJS.Timeout | undefined;
  #loops: Promise<void>[] = [];
  #quarantine = true;
  #stopping = false;
  #recovering: Promise<unknown> | undefined;

  constructor(deps: TaskRunnerDeps) {
    this.#deps = deps;
    this.#suspension = new Suspension(deps.now);
    const redis = deps.openRedis("commands", `${deps.type}_${deps.index}`);
    redis.on("error", (error) => deps.log.debug({ error: messageOf(error) }, "Redis connection failed"));
    this.#redis = redis;
    const shared = {
      redis,
      pool: new SlotPool(deps.settings.concurrency),
      suspension: this.#suspension,
      pause: new PauseWatch({
        read: () => readPaused(redis, deps.keys, deps.type),
        onPaused: (paused) => this.#suspension.setPaused(paused),
        onError: (error) => this.#redisFailed(error),
      }),
      quarantined: () => this.#quarantined(),
    };
    this.#lanes = LANES.map((lane) => createLane(lane, deps, shared));
  }

  /**
   * Starts both lanes. They connect, and go on connecting, in the background.
   *
   * @returns resolves when both read for the first time
   */
  start(): Promise<unknown> {
    this.#loops = this.#lanes.map(({ runner }) => runner.run());
    this.#recovery = setInterval(() => this.#recover(), this.#deps.settings.orphanRecoveryIntervalMs);
    return Promise.all(this.#lanes.map(({ runner }) => runner.connected));
  }

  /**
   * Stops reading, waits for what runs, acknowledges it, and hands back what is left, ready to be taken over.
   *
   * @param timeoutMs how long tasks that run may take
   */
  async drain(timeoutMs: number): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#recovery);
    for (const { runner } of this.#lanes) runner.stop();
    await Promise.all(this.#loops);
    await this.#recovering;
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

  /** At the start, suspects of both lanes run before anything else does, so that they take nothing down with them. */
  #quarantined(): boolean {
    if (!this.#quarantine) return false;
    const connected = this.#lanes.every(({ runner }) => runner.lastPollCompletedAtMs > 0);
    if (connected && this.#lanes.every(({ parked }) => parked.suspects === 0)) this.#quarantine = false;
    return this.#quarantine;
  }

  /** One round of orphan recovery in both lanes, unless the last one is still under way. */
  #recover(): void {
    const round = async (lane: LaneParts) => {
      await this.#recoverLane(lane).catch((error) => this.#redisFailed(error));
    };
    this.#recovering ??= Promise.all(this.#lanes.map(round)).finally(() => {
      this.#recovering = undefined;
    });
  }

  async #recoverLane({ parked, recovery }: LaneParts): Promise<void> {
    const { settings } = this.#deps;
    const limit = Math.max(256, 4 * settings.concurrency);
    let taken: number;
    do {
      // In one go: nearly always all three find nothing.
      const [stranded, orphans] = await Promise.all([
        recovery.claimStranded(limit),
        recovery.claimOrphans(settings.orphanMinIdleMs, limit),
        parked.recoverOwn(false),
      ]);
      taken = stranded.length + orphans.length;
      // What was just taken over is on its way to nobody.
      if (taken > 0) await parked.recoverOwn(true);
      // Leave the rest to other workers until this one has started most of what it took.
      while (!this.#stopping && parked.lost > limit / 2) await pause();
    } while (taken >= limit && !this.#stopping);
  }

  #redisFailed(error: unknown): void {
    this.#deps.log.warn({ error: messageOf(error) }, `Redis connection: ${messageOf(error)}`);
  }
}

function pause(ms = 5): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
