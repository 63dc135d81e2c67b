import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { messageOf, ValidationError } from "../errors.ts";
import type { QueueKeys } from "../keys.ts";
import type { LaneCells } from "../metrics/telemetry.ts";
import { redisErrorKind } from "../redis/redisError.ts";
import type { RobustRedisACKHandler } from "./ackHandler.ts";
import { equalJitterMs } from "./backoff.ts";
import type { Outcome } from "./completion.ts";
import { decodeEntry, type Entry, type RawEntry, taskIdOf } from "./entry.ts";
import type { Executor } from "./executor.ts";
import type { PauseWatch } from "./pauseWatch.ts";
import { PollConnection, type PollConnectionDeps } from "./pollConnection.ts";
import type { Adopted, Lost, Recovery } from "./recovery.ts";
import type { SlotPool } from "./slotPool.ts";
import type { Suspension } from "./suspension.ts";

const RECONNECT_BASE_MS = 100;
const RECONNECT_CAP_MS = 2_000;
/** How often a lane that may not read looks whether it may again. */
const HOLD_CHECK_MS = 50;

export type LaneRunnerDeps = {
  readonly queue: QueueKeys;
  readonly idPrefix: string;
  readonly connection: PollConnectionDeps;
  readonly pool: SlotPool;
  readonly acks: RobustRedisACKHandler;
  readonly executor: Executor;
  readonly recovery: Recovery;
  readonly suspension: Suspension;
  readonly pause: PauseWatch;
  /** Entries of this process that are not finished, in any stage. */
  readonly known: Set<string>;
  readonly cells: LaneCells;
  readonly deliveryLimit: number;
  readonly now: () => number;
  readonly random: () => number;
  readonly log: Logger;
  readonly ensureGroup: () => Promise<void>;
  /** True while a suspect of this worker, which may take its process down, is to run with nothing beside it. */
  readonly quarantined: () => boolean;
};

/** Serves one lane: takes slots, reads as many entries as it has slots for, starts them. */
export class LaneRunner {
  readonly #deps: LaneRunnerDeps;
  readonly #lane: QueueKeys["lane"];
  /** Entries that were delivered and must wait: the type is paused or a breaker is open. */
  readonly #held: Entry[] = [];
  /** Pending entries that recovery found, to be delivered again. */
  readonly #lost: Lost[] = [];
  /** Those that were delivered more than once already: they run one at a time. */
  readonly #suspects: Lost[] = [];
  #suspectRunning: string | undefined;
  /** Pending entries that this process did not know when it looked last. */
  #unknown: ReadonlySet<string> = new Set();
  #connection: PollConnection | undefined;
  #stopping = false;
  readonly #stopped: Promise<void>;
  #wakeStopped: () => void = () => undefined;
  #lastPollCompletedAtMs = 0;
  #failures = 0;
  #pollSize: number;

  constructor(deps: LaneRunnerDeps) {
    this.#deps = deps;
    this.#lane = deps.queue.lane;
    this.#pollSize = deps.pool.floor;
    this.#stopped = new Promise((resolve) => {
      this.#wakeStopped = resolve;
    });
  }

  /** Time of the last answer that this lane's own connection gave. 0 before the first. */
  get lastPollCompletedAtMs(): number {
    return this.#lastPollCompletedAtMs;
  }

  /** Suspects that wait or run. */
  get suspects(): number {
    return this.#suspects.length + (this.#suspectRunning === undefined ? 0 : 1);
  }

  /** Entries that recovery found and that wait for a slot. */
  get lost(): number {
    return this.#lost.length;
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
    this.#connection?.close();
  }

  /** Stops reading at once; what was started goes on. */
  stop(): void {
    this.#stopping = true;
    this.#wakeStopped();
    this.#connection?.close();
  }

  /** Lets go of an entry that ended. */
  ended(entryId: string): void {
    if (this.#suspectRunning === entryId) this.#suspectRunning = undefined;
  }

  /** Keeps an entry back until its type may run again. */
  hold(entry: Entry): void {
    this.#held.push(entry);
  }

  /**
   * Looks for pending entries of this consumer that the process does not know, and takes them up. How long they are idle
   * says nothing: the main process renews the leases of all that a live worker has.
   *
   * @param atOnce false leaves what is seen for the first time, and whose outcome is not known, to the next look: the
   *   answer that brings it may be on its way
   * @returns how many it took up
   */
  async recoverOwn(atOnce: boolean): Promise<number> {
    const { recovery, acks, known } = this.#deps;
    const unknown = new Set<string>();
    let taken = 0;
    for (const lost of await recovery.ownPending()) {
      // Asked here, in one go with the entry being noted: two rounds may overlap, and a poll may have brought it by now.
      if (known.has(lost.id)) continue;
      const outcome = acks.takeUnacknowledged(lost.id);
      if (outcome === undefined && !atOnce && !this.#unknown.has(lost.id)) {
        unknown.add(lost.id);
        continue;
      }
      known.add(lost.id);
      taken++;
      if (outcome !== undefined) acks.add(outcome);
      else if (lost.deliveries > 1) this.#suspects.push(lost);
      else this.#lost.push(lost);
    }
    this.#unknown = unknown;
    return taken;
  }

  async #connect(): Promise<void> {
    this.#connection = await PollConnection.open(this.#deps.connection);
    await this.#deps.ensureGroup();
    await this.#deps.pause.refresh();
    // A delivery whose reply was lost with the last connection is pending and known to nobody.
    await this.recoverOwn(true);
    // Only the first time: a lane that connects over and over and may never read is not a working one.
    if (this.#lastPollCompletedAtMs === 0) this.#lastPollCompletedAtMs = this.#deps.now();
  }

  /** The connection does what it is for: only that ends a series of failures, and with it the growing pauses. */
  #answered(): void {
    const { connection, log, now } = this.#deps;
    if (this.#failures > 0) log.info(`Redis connection of ${connection.consumer} is back`);
    this.#failures = 0;
    this.#lastPollCompletedAtMs = now();
  }

  #setHungry(hungry: boolean): void {
    if (this.#lane === "express") this.#deps.pool.setExpressHungry(hungry);
  }

  async #recoverFrom(error: unknown): Promise<void> {
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
    const { pool, acks, suspension, pause, quarantined } = this.#deps;
    void pause.refresh();
    if (acks.full) return await this.#beatUntil(acks.whenDrained(false));
    if (this.#suspects.length > 0 && this.#suspectRunning === undefined) {
      const claimed = pool.claim(this.#lane, 1);
      if (suspension.allow(claimed) === 1) return await this.#startSuspect();
      pool.release(this.#lane, claimed);
    }
    if (quarantined()) return await this.#hold();
    const waiting = this.#held.length + this.#lost.length;
    if (suspension.reason !== undefined && waiting === 0) {
      // With nothing here to probe with, a single read is the probe.
      const allowed = suspension.allow(1);
      if (allowed === 0) return await this.#hold();
      return await this.#read(pool.claim(this.#lane, 1));
    }
    const claimed = pool.claim(this.#lane, waiting > 0 ? waiting : this.#pollSize);
    if (claimed === 0) return await this.#beatUntil(this.#slotFree());
    if (waiting === 0) return await this.#read(claimed);
    const allowed = suspension.allow(claimed);
    pool.release(this.#lane, claimed - allowed);
    if (allowed === 0) return await this.#hold();
    await this.#startWaiting(allowed);
  }

  async #read(claimed: number): Promise<void> {
    const { pool, known } = this.#deps;
    if (claimed === 0) return await this.#hold();
    let used = 0;
    try {
      const entries = (await this.#connection?.poll(claimed)) ?? [];
      this.#answered();
      // The type may have been paused while the read waited.
      if (entries.length > 0) await this.#deps.pause.refresh();
      // A lane that has work grows; an idle one lets the other have the slots.
      const full = entries.length === claimed;
      this.#pollSize = full ? Math.min(claimed * 2, pool.most) : pool.floor;
      this.#setHungry(full);
      for (const raw of entries) {
        // Delivered twice to this process (the group was set back): it is running already.
        if (known.has(raw[0])) continue;
        known.add(raw[0]);
        if (this.#start(raw)) used++;
      }
      // If it was a probe, it met nothing to try: the next task is the next probe.
      if (used === 0) this.#deps.suspension.taskEnded();
    } finally {
      pool.release(this.#lane, claimed - used);
    }
  }

  async #startSuspect(): Promise<void> {
    const suspect = this.#suspects.shift() as Lost;
    this.#suspectRunning = suspect.id;
    await this.#adopt([suspect], 1);
  }

  async #startWaiting(claimed: number): Promise<void> {
    const held = this.#held.splice(0, claimed);
    for (const entry of held) this.#deps.executor.start(entry);
    const left = claimed - held.length;
    if (left > 0) await this.#adopt(this.#lost.splice(0, left), left);
  }

  /** Delivers lost entries again, into slots that were claimed for them. */
  async #adopt(lost: readonly Lost[], claimed: number): Promise<void> {
    const { recovery, known, pool, cells, log, queue } = this.#deps;
    const ids = lost.map(({ id }) => id);
    let adopted: Adopted[] = [];
    let used = 0;
    try {
      if (ids.length > 0) adopted = await recovery.adopt(ids);
    } catch (error) {
      this.#lost.unshift(...lost);
      if (ids.includes(this.#suspectRunning ?? "")) this.#suspectRunning = undefined;
      throw error;
    } finally {
      if (adopted.length === 0) pool.release(this.#lane, claimed);
    }
    const present = new Set(adopted.map(({ raw }) => raw[0]));
    for (const id of ids) {
      if (present.has(id)) continue;
      known.delete(id);
      this.ended(id);
    }
    for (const entry of adopted) if (this.#startAdopted(entry)) used++;
    if (used === 0) this.#deps.suspension.taskEnded();
    if (adopted.length === 0) return;
    pool.release(this.#lane, claimed - used);
    cells.orphans(adopted.length);
    log.info(
      { stream: queue.stream, count: adopted.length },
      `orphan recovery: ${adopted.length} entries of ${queue.stream} claimed by ${this.#deps.connection.consumer}`,
    );
  }

  #startAdopted({ raw, deliveries, record }: Adopted): boolean {
    const { deliveryLimit, acks, idPrefix, log } = this.#deps;
    const taskId = taskIdOf(raw[0], raw[1] ?? [], idPrefix);
    if (record !== "") {
      acks.add({ kind: "settled", entryId: raw[0], taskId });
      return false;
    }
    if (deliveries <= deliveryLimit) return this.#start(raw);
    const message = `delivered ${deliveries} times and never finished: it seems to take its worker down`;
    log.error({ task_id: taskId, deliveries }, `Task ${taskId} failed: poison, ${message}`);
    acks.add({ ...failed(raw[0], taskId, message), reason: "poison", code: "POISON", attempts: deliveries - 1 });
    return false;
  }

  /** Starts an entry in a claimed slot; false when it needed none. */
  #start(raw: RawEntry): boolean {
    const { queue, idPrefix, executor, suspension, acks, log } = this.#deps;
    const [id, fields] = raw;
    let entry: Entry;
    try {
      entry = decodeEntry(id, fields ?? [], queue.type, idPrefix);
    } catch (error) {
      const taskId = taskIdOf(id, fields ?? [], idPrefix);
      log.warn({ task_id: taskId, entry_id: id }, `ValidationError: ${messageOf(error)}`);
      const code = error instanceof ValidationError ? error.code : "INTERNAL";
      acks.add({ ...failed(id, taskId, messageOf(error)), reason: "validation", code, attempts: 0 });
      return false;
    }
    if (suspension.reason?.kind === "paused") {
      this.#held.push(entry);
      return false;
    }
    executor.start(entry);
    return true;
  }

  /** Waits a little while nothing may start, and keeps the connection proven. */
  async #hold(): Promise<void> {
    this.#setHungry(false);
    await this.#beatUntil(sleep(HOLD_CHECK_MS));
  }

  /** Resolves in a later turn of the event loop, so that slots freed together are claimed together. */
  #slotFree(): Promise<void> {
    return new Promise((resolve) => this.#deps.pool.whenFree(this.#lane, () => setImmediate(resolve)));
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

function failed(entryId: string, taskId: string, message: string): Extract<Outcome, { kind: "failed" }> {
  return { kind: "failed", entryId, taskId, message, reason: "internal", code: "INTERNAL", attempts: 0 };
}
