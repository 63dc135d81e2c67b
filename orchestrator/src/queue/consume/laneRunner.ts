import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { messageOf } from "../../errors.ts";
import type { Lane } from "../../metrics/contract.ts";
import { redisErrorKind } from "../../redis/redisError.ts";
import type { RobustRedisACKHandler } from "../complete/ackHandler.ts";
import type { RawEntry } from "../entry.ts";
import type { EntryTable } from "../entryTable.ts";
import { equalJitterMs } from "../jitter.ts";
import type { WaitingEntries } from "../recover/waitingEntries.ts";
import type { Intake } from "./intake.ts";
import type { PauseWatch } from "./pauseWatch.ts";
import { PollConnection, type PollConnectionDeps } from "./pollConnection.ts";
import type { Quarantine } from "./quarantine.ts";
import type { SlotPool, Slots } from "./slotPool.ts";
import type { Probe, Suspension } from "./suspension.ts";

const RECONNECT_BASE_MS = 100;
const RECONNECT_CAP_MS = 2_000;
/** Reads are halved, so that the next one is under way meanwhile, down to this size: smaller ones cost more than that gains. */
const LEAST_HALF = 64;
/** How often a lane that may not read checks whether it may again. */
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
  /** Checks that the data are for this release, and creates what is missing. Before the first read of a connection. */
  readonly prepare: () => Promise<void>;
};

/** A read under way. It owns the slots for what it brings. */
class Read implements Disposable {
  readonly slots: Slots;
  readonly reply: Promise<RawEntry[]>;

  constructor(slots: Slots, reply: Promise<RawEntry[]>) {
    this.slots = slots;
    this.reply = reply;
    // What awaits it gets the failure; it may come before anything does.
    reply.catch(() => undefined);
  }

  /** Gives back the slots. What the read was given is found pending at the next connection, or handed back at the end. */
  [Symbol.dispose](): void {
    this.slots[Symbol.dispose]();
  }
}

/** Serves one lane: takes slots, reads as many entries as it has slots for, starts them. */
export class LaneRunner {
  readonly #deps: LaneRunnerDeps;
  #connection: PollConnection | undefined;
  #stopping = false;
  readonly #stopped = Promise.withResolvers<void>();
  #lastPollCompletedAtMs: number | undefined;
  readonly #connected = Promise.withResolvers<void>();
  #failures = 0;
  #pollSize: number;
  readonly #mostPerPoll: number;
  /** Sent before what the last read brought was started: Redis works on one while this process works on the other. */
  #prefetched: Read | undefined;

  constructor(deps: LaneRunnerDeps) {
    this.#deps = deps;
    const { floor, most } = deps.pool;
    this.#pollSize = floor;
    const half = Math.floor(most / 2);
    this.#mostPerPoll = half >= LEAST_HALF ? half : most;
  }

  /** Monotonic time of the last answer that this lane's own connection gave; undefined before the first. */
  get lastPollCompletedAtMs(): number | undefined {
    return this.#lastPollCompletedAtMs;
  }

  /** Resolves when it reads for the first time. */
  get connected(): Promise<void> {
    return this.#connected.promise;
  }

  /** Reads and starts work until `stop`. Never rejects. */
  async run(): Promise<void> {
    while (!this.#stopping) {
      try {
        await this.#connect();
        while (!this.#stopping) await this.#turn();
      } catch (error) {
        if (this.#stopping) break;
        await this.#recoverFrom(error);
      }
    }
    this.#dropPrefetched();
    this.#connection?.close();
  }

  /** Stops reading at once; what was started goes on. */
  stop(): void {
    this.#stopping = true;
    this.#stopped.resolve();
    this.#connection?.close();
  }

  async #connect(): Promise<void> {
    this.#connection = await PollConnection.open(this.#deps.connection);
    await this.#deps.prepare();
    await this.#deps.pause.refresh();
    // No read is under way: a delivery whose reply was lost with the last connection is pending and not known here.
    await this.#deps.waiting.recoverOwn(() => true);
    // Only the first time: a lane that connects over and over and may never read is not a working one.
    this.#lastPollCompletedAtMs ??= this.#deps.monotonicMs();
    this.#connected.resolve();
  }

  /** The connection does what it is for: only that ends a series of failures, and with it the growing pauses. */
  #answered(): void {
    const { connection, log, monotonicMs } = this.#deps;
    if (this.#failures > 0) log.info(`Redis connection of ${connection.consumer} is back`);
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
    const kind = redisErrorKind(error);
    const { connection, random, log } = this.#deps;
    log.warn(
      { consumer: connection.consumer, kind, failures: this.#failures, error: messageOf(error) },
      `Redis ${kind === "timeout" ? "timeout" : "connection"} of ${connection.consumer} failed: ${messageOf(error)}`,
    );
    const delayMs = equalJitterMs(this.#failures, RECONNECT_BASE_MS, RECONNECT_CAP_MS, random);
    await Promise.race([sleep(delayMs), this.#stopped.promise]);
  }

  /** One turn: start something that waits here, or read. */
  async #turn(): Promise<void> {
    const { lane, pool, table, acks, waiting, suspension, pause, quarantine } = this.#deps;
    void pause.refresh();
    if (this.#prefetched !== undefined) {
      using read = this.#prefetched;
      this.#prefetched = undefined;
      return await this.#take(read);
    }
    if (acks.full) return await this.#beatUntil(acks.whenDrained(false));
    if (quarantine.candidateDue(lane)) {
      return await this.#startWaiting(1, (slots, probe) => waiting.startCandidate(slots, probe));
    }
    if (quarantine.active && table.candidates === 0) quarantine.clear(lane);
    if (quarantine.active) return await this.#hold();
    if (table.waiting > 0) {
      return await this.#startWaiting(table.waiting, (slots, probe) => waiting.start(slots, probe));
    }
    if (suspension.reason?.kind === "paused") return await this.#hold();
    // While a breaker is open one entry is read: it waits here until it may be the probe.
    using slots = pool.claim(lane, suspension.active ? 1 : this.#pollSize);
    if (slots.count === 0) return await this.#beatUntil(this.#slotFree());
    using read = this.#send(slots);
    await this.#take(read);
  }

  /** Starts what waits here, in the slots that are free; a single entry, with the permit for it, while a breaker is open. */
  async #startWaiting(wanted: number, start: (slots: Slots, probe: Probe | undefined) => Promise<void>): Promise<void> {
    const { lane, pool, suspension } = this.#deps;
    using slots = pool.claim(lane, suspension.active ? 1 : wanted);
    if (slots.count === 0) return await this.#beatUntil(this.#slotFree());
    using probe = suspension.takeProbe();
    if (!suspension.active || probe !== undefined) return await start(slots, probe);
    slots[Symbol.dispose]();
    await this.#hold();
  }

  /** Sends a read, which owns all of these slots from here on. */
  #send(slots: Slots): Read {
    const reply = this.#connection?.poll(slots.count) ?? Promise.resolve([]);
    return new Read(slots.split(slots.count), reply);
  }

  /** Sends the next read, if nothing but slots decides whether there may be one. */
  #prefetch(): void {
    const { lane, pool, table, acks, suspension } = this.#deps;
    if (this.#mostPerPoll === pool.most) return;
    if (acks.full || table.candidateDue || table.waiting > 0 || suspension.active) return;
    using slots = pool.claim(lane, this.#pollSize);
    if (slots.count > 0) this.#prefetched = this.#send(slots);
  }

  #dropPrefetched(): void {
    this.#prefetched?.[Symbol.dispose]();
    this.#prefetched = undefined;
  }

  /** Starts what a read brings. */
  async #take(read: Read): Promise<void> {
    const { pool, intake, pause, suspension } = this.#deps;
    const asked = read.slots.count;
    const entries = await read.reply;
    this.#answered();
    if (entries.length === 0) suspension.nothingToProbe();
    // The type may have been paused while the read waited.
    else await pause.refresh();
    // A lane that has work grows; an idle one lets the other have the slots.
    const full = entries.length === asked;
    this.#pollSize = full ? Math.min(asked * 2, this.#mostPerPoll) : pool.floor;
    this.#setSaturated(full);
    if (full) this.#prefetch();
    for (const raw of entries) intake.take(raw, read.slots);
  }

  /** Waits a little while nothing may start, and keeps the connection proven. */
  async #hold(): Promise<void> {
    this.#setSaturated(false);
    await this.#beatUntil(sleep(HOLD_CHECK_MS));
  }

  /** Resolves in a later turn of the event loop, so that slots freed together are claimed together. */
  #slotFree(): Promise<void> {
    return new Promise((resolve) => this.#deps.pool.whenFree(this.#deps.lane, () => setImmediate(resolve)));
  }

  /** Waits for something; if it takes long, pings now and then, so that a busy lane does not look dead. */
  async #beatUntil(event: Promise<void>): Promise<void> {
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
      const pause = new AbortController();
      await Promise.race([
        waited,
        this.#stopped.promise,
        sleep(leftMs, undefined, { signal: pause.signal }).catch(() => undefined),
      ]);
      pause.abort();
    }
  }
}
