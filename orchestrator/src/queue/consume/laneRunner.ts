import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { messageOf } from "../../errors.ts";
import { equalJitterMs } from "../../jitter.ts";
import type { Lane } from "../../metrics/contract.ts";
import { RedisCommandError } from "../../redis/redisError.ts";
import type { RobustRedisACKHandler } from "../complete/ackHandler.ts";
import type { RawEntry } from "../entry.ts";
import type { EntryTable } from "../entryTable.ts";
import type { Intake } from "./intake.ts";
import type { PauseWatch } from "./pauseWatch.ts";
import { PollConnection, type PollConnectionDeps } from "./pollConnection.ts";
import type { Quarantine } from "./quarantine.ts";
import type { SlotPool, Slots } from "./slotPool.ts";
import type { Probe, Suspension } from "./suspension.ts";
import type { WaitingEntries } from "./waitingEntries.ts";

const RECONNECT_BASE_MS = 100;
const RECONNECT_CAP_MS = 2_000;
/** A lane splits its slots into two reads, one of them prefetched, if each has at least this many. Less is not worth it. */
const MIN_HALF = 64;
/** How often a lane that must not read checks whether it may read again. */
const HOLD_CHECK_MS = 50;

export type LaneRunnerDeps = {
  readonly lane: Lane;
  readonly connection: PollConnectionDeps;
  readonly pool: SlotPool;
  readonly table: EntryTable;
  readonly acks: RobustRedisACKHandler;
  readonly intake: Intake;
  readonly waiting: WaitingEntries;
  readonly suspension: Suspension;
  readonly pause: PauseWatch;
  readonly quarantine: Quarantine;
  readonly monotonicMs: () => number;
  readonly random: () => number;
  readonly log: Logger;
  /** Checks the data layout and creates the consumer group. Called before the first read of each connection. */
  readonly prepare: () => Promise<void>;
};

/** A read in progress. It owns one slot for each entry that it may return. */
class Read implements Disposable {
  readonly slots: Slots;
  readonly reply: Promise<RawEntry[]>;

  constructor(slots: Slots, reply: Promise<RawEntry[]>) {
    this.slots = slots;
    this.reply = reply;
    // The read may fail before anything awaits it; that must not become an unhandled rejection.
    reply.catch(() => undefined);
  }

  /** Releases the slots. Entries of the read stay pending: the next connection finds them, or the drain returns them. */
  [Symbol.dispose](): void {
    this.slots[Symbol.dispose]();
  }
}

/** Serves one lane: claims slots, reads at most that many entries, and starts them. */
export class LaneRunner {
  readonly #deps: LaneRunnerDeps;
  #connection: PollConnection | undefined;
  #stopping = false;
  readonly #stopped = Promise.withResolvers<void>();
  #lastPollCompletedAtMs: number | undefined;
  readonly #connected = Promise.withResolvers<void>();
  #failures = 0;
  #pollSize: number;
  readonly #maxPerPoll: number;
  /** Sent before the entries of the last read start, so that Redis and this process work at the same time. */
  #prefetched: Read | undefined;

  constructor(deps: LaneRunnerDeps) {
    this.#deps = deps;
    const { floor, maxPerLane } = deps.pool;
    this.#pollSize = floor;
    const half = Math.floor(maxPerLane / 2);
    this.#maxPerPoll = half >= MIN_HALF ? half : maxPerLane;
  }

  /** Monotonic time of the last answer on the connection of this lane; undefined before the first. */
  get lastPollCompletedAtMs(): number | undefined {
    return this.#lastPollCompletedAtMs;
  }

  /** Resolves when the lane is ready to read for the first time. */
  get connected(): Promise<void> {
    return this.#connected.promise;
  }

  /** Reads and starts tasks until `stop`. Never rejects. */
  async run(): Promise<void> {
    while (!this.#stopping) {
      try {
        await this.#connect();
        while (!this.#stopping) await this.#step();
      } catch (error) {
        if (this.#stopping) break;
        await this.#recoverFrom(error);
      }
    }
    this.#dropPrefetched();
    this.#connection?.close();
  }

  /** Stops reading at once. Tasks that run continue. */
  stop(): void {
    this.#stopping = true;
    this.#stopped.resolve();
    this.#connection?.close();
  }

  async #connect(): Promise<void> {
    this.#connection = await PollConnection.open(this.#deps.connection);
    await this.#deps.prepare();
    await this.#deps.pause.refresh();
    // No read is in progress, so every pending entry that this process does not know was lost with the last connection.
    await this.#deps.waiting.recoverOwn(() => true);
    // Only the first time: a lane that keeps reconnecting and never reads does not work.
    this.#lastPollCompletedAtMs ??= this.#deps.monotonicMs();
    this.#connected.resolve();
  }

  /** Notes an answer. Only an answer, not a new connection, resets the backoff. */
  #answered(): void {
    const { connection, log, monotonicMs } = this.#deps;
    if (this.#failures > 0) log.info(`Redis connection of ${connection.consumer} restored`);
    this.#failures = 0;
    this.#lastPollCompletedAtMs = monotonicMs();
  }

  #setSaturated(saturated: boolean): void {
    if (this.#deps.lane === "express") this.#deps.pool.setExpressSaturated(saturated);
  }

  async #recoverFrom(error: unknown): Promise<void> {
    this.#dropPrefetched();
    this.#connection?.close();
    this.#setSaturated(false);
    this.#failures++;
    this.#logFailure(error);
    const { lane, quarantine, random } = this.#deps;
    // A queue that can never be read, such as a key of another kind, must not hold the tasks of the other lane.
    if (error instanceof RedisCommandError && error.kind === "reply") quarantine.clear(lane);
    const delayMs = equalJitterMs(this.#failures, RECONNECT_BASE_MS, RECONNECT_CAP_MS, random);
    await Promise.race([sleep(delayMs), this.#stopped.promise]);
  }

  #logFailure(error: unknown): void {
    const { connection, log } = this.#deps;
    const { consumer } = connection;
    const fields = { consumer, failures: this.#failures };
    if (error instanceof RedisCommandError) {
      const { kind, message } = error;
      const what = kind === "timeout" ? "timeout" : "connection";
      log.warn({ ...fields, kind, error: message }, `Redis ${what} of ${consumer} failed: ${message}`);
    } else {
      log.error({ ...fields, err: error }, `Reading of ${consumer} failed: ${messageOf(error)}`);
    }
  }

  /** One step: starts an entry that waits, or reads. */
  async #step(): Promise<void> {
    const { lane, pool, table, acks, waiting, suspension, pause, quarantine } = this.#deps;
    void pause.refresh();
    if (this.#prefetched !== undefined) {
      using read = this.#prefetched;
      this.#prefetched = undefined;
      return await this.#take(read);
    }
    if (acks.full) return await this.#pingUntil(acks.whenDrained(false));
    const ordinaryProbe = quarantine.ordinaryTurn && suspension.reason?.kind === "circuit";
    if (quarantine.candidateDue(lane) && !ordinaryProbe) {
      return await this.#startWaiting(1, true, (slots, probe) => waiting.startCandidate(slots, probe));
    }
    if (quarantine.active && table.candidates === 0) quarantine.clear(lane);
    if (quarantine.active && !ordinaryProbe) return await this.#hold();
    if (table.waiting > 0) {
      return await this.#startWaiting(table.waiting, false, (slots, probe) => waiting.start(slots, probe));
    }
    if (suspension.reason?.kind === "paused") return await this.#hold();
    // While a breaker is open, the lane reads one entry, which waits until it may be the probe.
    using slots = pool.claim(lane, suspension.active ? 1 : this.#pollSize);
    if (slots.count === 0) return await this.#pingUntil(this.#slotFree());
    using read = this.#send(slots);
    await this.#take(read);
  }

  /** Starts waiting entries in the free slots. While a breaker is open, starts one entry as the probe. */
  async #startWaiting(
    wanted: number,
    candidate: boolean,
    start: (slots: Slots, probe: Probe | undefined) => Promise<void>,
  ): Promise<void> {
    const { lane, pool, quarantine, suspension } = this.#deps;
    using slots = pool.claim(lane, suspension.active ? 1 : wanted);
    if (slots.count === 0) return await this.#pingUntil(this.#slotFree());
    using probe = suspension.takeProbe();
    if (probe !== undefined) quarantine.probed(candidate);
    if (!suspension.active || probe !== undefined) return await start(slots, probe);
    slots[Symbol.dispose]();
    await this.#hold();
  }

  /** Sends a read and moves all of these slots to it. */
  #send(slots: Slots): Read {
    const reply = this.#connection?.poll(slots.count) ?? Promise.resolve([]);
    return new Read(slots.split(slots.count), reply);
  }

  /** Sends the next read early if it needs only free slots. */
  #prefetch(): void {
    const { lane, pool, table, acks, suspension } = this.#deps;
    if (this.#maxPerPoll === pool.maxPerLane) return;
    if (acks.full || table.candidateDue || table.waiting > 0 || suspension.active) return;
    using slots = pool.claim(lane, this.#pollSize);
    if (slots.count > 0) this.#prefetched = this.#send(slots);
  }

  #dropPrefetched(): void {
    this.#prefetched?.[Symbol.dispose]();
    this.#prefetched = undefined;
  }

  /** Waits for a read and starts its entries. */
  async #take(read: Read): Promise<void> {
    const { pool, intake, pause, quarantine, suspension } = this.#deps;
    const requested = read.slots.count;
    const entries = await read.reply;
    this.#answered();
    if (entries.length === 0) suspension.clearIfDue();
    // The type may have been paused while the read waited.
    else await pause.refresh();
    // A busy lane reads more at a time; an idle lane leaves the slots to the other.
    const full = entries.length === requested;
    this.#pollSize = full ? Math.min(requested * 2, this.#maxPerPoll) : pool.floor;
    this.#setSaturated(full);
    if (full) this.#prefetch();
    // The breaker may have closed while the read waited. Only the probe of an open one may run beside a candidate.
    const mayStart = !quarantine.active;
    for (const raw of entries) intake.take(raw, read.slots, mayStart);
  }

  /** Waits briefly while no task may start. */
  async #hold(): Promise<void> {
    this.#setSaturated(false);
    await this.#pingUntil(sleep(HOLD_CHECK_MS));
  }

  /** Resolves after the current turn of the event loop, so that slots released together are claimed together. */
  #slotFree(): Promise<void> {
    const { lane, pool } = this.#deps;
    // One slot alone is never released together with others.
    const collect = pool.maxPerLane > 1 ? setImmediate : queueMicrotask;
    return new Promise((resolve) => pool.whenFree(lane, () => collect(resolve)));
  }

  /** Waits for an event. Pings during a long wait, so that a busy lane does not look dead. */
  async #pingUntil(event: Promise<void>): Promise<void> {
    const { connection, monotonicMs } = this.#deps;
    let happened = false;
    const waited = event.then(() => {
      happened = true;
    });
    while (!happened && !this.#stopping) {
      const leftMs = (this.#lastPollCompletedAtMs ?? 0) + connection.blockMs - monotonicMs();
      if (leftMs <= 0) {
        await this.#connection?.ping();
        this.#answered();
        continue;
      }
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, leftMs);
      });
      await Promise.race([waited, this.#stopped.promise, late]);
      clearTimeout(timer);
    }
  }
}
