import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { messageOf } from "../../errors.ts";
import type { Lane } from "../../metrics/contract.ts";
import { redisErrorKind } from "../../redis/redisError.ts";
import type { RobustRedisACKHandler } from "../complete/ackHandler.ts";
import type { RawEntry } from "../entry.ts";
import { equalJitterMs } from "../jitter.ts";
import type { ParkedEntries } from "../recover/deferredEntries.ts";
import type { Intake } from "./intake.ts";
import type { PauseWatch } from "./pauseWatch.ts";
import { PollConnection, type PollConnectionDeps } from "./pollConnection.ts";
import type { SlotPool } from "./slotPool.ts";
import type { Suspension } from "./suspension.ts";

const RECONNECT_BASE_MS = 100;
const RECONNECT_CAP_MS = 2_000;
/** Reads are halved, so that the next one is under way meanwhile, down to this size: smaller ones cost more than that gains. */
const LEAST_HALF = 64;
/** How often a lane that may not read looks whether it may again. */
const HOLD_CHECK_MS = 50;

export type LaneRunnerDeps = {
  readonly lane: Lane;
  readonly connection: PollConnectionDeps;
  readonly pool: SlotPool;
  readonly acks: RobustRedisACKHandler;
  readonly intake: Intake;
  readonly parked: ParkedEntries;
  readonly suspension: Suspension;
  readonly pause: PauseWatch;
  /** Entries of this process that are not finished, in any stage. */
  readonly known: Set<string>;
  readonly now: () => number;
  readonly random: () => number;
  readonly log: Logger;
  readonly ensureGroup: () => Promise<void>;
  /** True while a suspect of this worker, which may take its process down, is to run with nothing beside it. */
  readonly quarantined: () => boolean;
};

/** A read under way, and the slots that are held for what it brings. */
type Read = { readonly claimed: number; readonly reply: Promise<RawEntry[]> };

/** Serves one lane: takes slots, reads as many entries as it has slots for, starts them. */
export class LaneRunner {
  readonly #deps: LaneRunnerDeps;
  #connection: PollConnection | undefined;
  #stopping = false;
  readonly #stopped: Promise<void>;
  #wakeStopped: () => void = () => undefined;
  #lastPollCompletedAtMs = 0;
  readonly #connected = Promise.withResolvers<void>();
  #failures = 0;
  #pollSize: number;
  readonly #mostPerPoll: number;
  /** Sent before what the last read brought was started: Redis works on one while this process works on the other. */
  #ahead: Read | undefined;

  constructor(deps: LaneRunnerDeps) {
    this.#deps = deps;
    const { floor, most } = deps.pool;
    this.#pollSize = floor;
    const half = Math.floor(most / 2);
    this.#mostPerPoll = half >= LEAST_HALF ? half : most;
    this.#stopped = new Promise((resolve) => {
      this.#wakeStopped = resolve;
    });
  }

  /** Time of the last answer that this lane's own connection gave. 0 before the first. */
  get lastPollCompletedAtMs(): number {
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
    this.#dropAhead();
    this.#connection?.close();
  }

  /** Stops reading at once; what was started goes on. */
  stop(): void {
    this.#stopping = true;
    this.#wakeStopped();
    this.#connection?.close();
  }

  async #connect(): Promise<void> {
    this.#connection = await PollConnection.open(this.#deps.connection);
    await this.#deps.ensureGroup();
    await this.#deps.pause.refresh();
    // A delivery whose reply was lost with the last connection is pending and known to nobody.
    await this.#deps.parked.recoverOwn(true);
    // Only the first time: a lane that connects over and over and may never read is not a working one.
    if (this.#lastPollCompletedAtMs === 0) this.#lastPollCompletedAtMs = this.#deps.now();
    this.#connected.resolve();
  }

  /** The connection does what it is for: only that ends a series of failures, and with it the growing pauses. */
  #answered(): void {
    const { connection, log, now } = this.#deps;
    if (this.#failures > 0) log.info(`Redis connection of ${connection.consumer} is back`);
    this.#failures = 0;
    this.#lastPollCompletedAtMs = now();
  }

  #setHungry(hungry: boolean): void {
    if (this.#deps.lane === "express") this.#deps.pool.setExpressHungry(hungry);
  }

  async #recoverFrom(error: unknown): Promise<void> {
    this.#dropAhead();
    this.#connection?.close();
    this.#setHungry(false);
    this.#failures++;
    const kind = redisErrorKind(error);
    const { connection, random, log } = this.#deps;
    log.warn(
      { consumer: connection.consumer, kind, failures: this.#failures, error: messageOf(error) },
      `Redis ${kind === "timeout" ? "timeout" : "connection"} of ${connection.consumer} failed: ${messageOf(error)}`,
    );
    const delayMs = equalJitterMs(this.#failures, RECONNECT_BASE_MS, RECONNECT_CAP_MS, random);
    await Promise.race([sleep(delayMs), this.#stopped]);
  }

  /** One turn: start something that waits here, or read. */
  async #turn(): Promise<void> {
    const { lane, pool, acks, parked, suspension, pause, quarantined } = this.#deps;
    void pause.refresh();
    if (this.#ahead !== undefined) {
      const ahead = this.#ahead;
      this.#ahead = undefined;
      return await this.#take(ahead);
    }
    if (acks.full) return await this.#beatUntil(acks.whenDrained(false));
    if (parked.suspectDue) {
      const claimed = pool.claim(lane, 1);
      if (suspension.allow(claimed) === 1) return await parked.startSuspect();
      pool.release(lane, claimed);
    }
    if (quarantined()) return await this.#hold();
    const { waiting } = parked;
    if (suspension.reason !== undefined && waiting === 0) {
      // With nothing here to probe with, a single read is the probe.
      const allowed = suspension.allow(1);
      if (allowed === 0) return await this.#hold();
      return await this.#read(pool.claim(lane, 1));
    }
    const claimed = pool.claim(lane, waiting > 0 ? waiting : this.#pollSize);
    if (claimed === 0) return await this.#beatUntil(this.#slotFree());
    if (waiting === 0) return await this.#read(claimed);
    const allowed = suspension.allow(claimed);
    pool.release(lane, claimed - allowed);
    if (allowed === 0) return await this.#hold();
    await parked.start(allowed);
  }

  async #read(claimed: number): Promise<void> {
    if (claimed === 0) await this.#hold();
    else await this.#take(this.#send(claimed));
  }

  #send(claimed: number): Read {
    const reply = this.#connection?.poll(claimed) ?? Promise.resolve([]);
    // Whoever waits for it hears of a failure; it may come before anybody does.
    reply.catch(() => undefined);
    return { claimed, reply };
  }

  /** Sends the next read, if nothing but slots decides whether there may be one. */
  #readAhead(): void {
    const { lane, pool, acks, parked, suspension } = this.#deps;
    if (this.#mostPerPoll === pool.most) return;
    if (acks.full || parked.suspectDue || parked.waiting > 0 || suspension.reason !== undefined) return;
    const claimed = pool.claim(lane, this.#pollSize);
    if (claimed > 0) this.#ahead = this.#send(claimed);
  }

  /** Gives the slots back. What the read was given is found pending at the next connection, or handed back at the end. */
  #dropAhead(): void {
    this.#deps.pool.release(this.#deps.lane, this.#ahead?.claimed ?? 0);
    this.#ahead = undefined;
  }

  async #take({ claimed, reply }: Read): Promise<void> {
    const { lane, pool, intake, known, pause, suspension } = this.#deps;
    let used = 0;
    try {
      const entries = await reply;
      this.#answered();
      // The type may have been paused while the read waited.
      if (entries.length > 0) await pause.refresh();
      // A lane that has work grows; an idle one lets the other have the slots.
      const full = entries.length === claimed;
      this.#pollSize = full ? Math.min(claimed * 2, this.#mostPerPoll) : pool.floor;
      this.#setHungry(full);
      if (full) this.#readAhead();
      for (const raw of entries) {
        // Delivered twice to this process (the group was set back): it is running already.
        if (known.has(raw[0])) continue;
        known.add(raw[0]);
        if (intake.take(raw)) used++;
      }
      // If it was a probe, it met nothing to try: the next task is the next probe.
      if (used === 0) suspension.taskEnded();
    } finally {
      pool.release(lane, claimed - used);
    }
  }

  /** Waits a little while nothing may start, and keeps the connection proven. */
  async #hold(): Promise<void> {
    this.#setHungry(false);
    await this.#beatUntil(sleep(HOLD_CHECK_MS));
  }

  /** Resolves in a later turn of the event loop, so that slots freed together are claimed together. */
  #slotFree(): Promise<void> {
    return new Promise((resolve) => this.#deps.pool.whenFree(this.#deps.lane, () => setImmediate(resolve)));
  }

  /** Waits for something; if it takes long, pings now and then, so that a busy lane does not look dead. */
  async #beatUntil(event: Promise<void>): Promise<void> {
    const { connection, now } = this.#deps;
    let happened = false;
    const waited = event.then(() => {
      happened = true;
    });
    while (!happened && !this.#stopping) {
      const leftMs = this.#lastPollCompletedAtMs + connection.blockMs - now();
      if (leftMs <= 0) {
        await this.#connection?.ping();
        this.#answered();
        continue;
      }
      const pause = new AbortController();
      await Promise.race([
        waited,
        this.#stopped,
        sleep(leftMs, undefined, { signal: pause.signal }).catch(() => undefined),
      ]);
      pause.abort();
    }
  }
}
