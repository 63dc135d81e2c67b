import type { Logger } from "pino";
import type { QueueKeys } from "../../keys.ts";
import type { LaneCells } from "../../metrics/telemetry.ts";
import type { RobustRedisACKHandler } from "../complete/ackHandler.ts";
import type { Executor } from "../consume/executor.ts";
import type { Intake } from "../consume/intake.ts";
import type { SlotPool } from "../consume/slotPool.ts";
import type { Suspension } from "../consume/suspension.ts";
import type { Entry } from "../entry.ts";
import type { Adopted, Lost, Recovery } from "./recovery.ts";

export type ParkedEntriesDeps = {
  readonly queue: QueueKeys;
  readonly consumer: string;
  readonly pool: SlotPool;
  readonly acks: RobustRedisACKHandler;
  readonly executor: Executor;
  readonly intake: Intake;
  readonly recovery: Recovery;
  readonly suspension: Suspension;
  /** Entries of this process that are not finished, in any stage. */
  readonly known: Set<string>;
  readonly cells: LaneCells;
  readonly log: Logger;
};

/** Entries that are pending for this consumer and do not run: held back, or lost by a former delivery. */
export class ParkedEntries {
  readonly #deps: ParkedEntriesDeps;
  /** Entries that were delivered and must wait: the type is paused or a breaker is open. */
  readonly #held: Entry[] = [];
  /** Pending entries that recovery found, to be delivered again. */
  readonly #lost: Lost[] = [];
  /** Those that were delivered more than once already: they run one at a time. */
  readonly #suspects: Lost[] = [];
  #suspectRunning: string | undefined;
  /** Pending entries that this process did not know when it looked last. */
  #unknown: ReadonlySet<string> = new Set();

  constructor(deps: ParkedEntriesDeps) {
    this.#deps = deps;
  }

  /** Suspects that wait or run. */
  get suspects(): number {
    return this.#suspects.length + (this.#suspectRunning === undefined ? 0 : 1);
  }

  /** True when a suspect waits and none runs. */
  get suspectDue(): boolean {
    return this.#suspects.length > 0 && this.#suspectRunning === undefined;
  }

  /** Entries that recovery found and that wait for a slot. */
  get lost(): number {
    return this.#lost.length;
  }

  /** Entries that wait for a slot, suspects left out. */
  get waiting(): number {
    return this.#held.length + this.#lost.length;
  }

  /** Keeps an entry back until its type may run again. */
  hold(entry: Entry): void {
    this.#held.push(entry);
  }

  /** Lets go of an entry that ended. */
  ended(entryId: string): void {
    if (this.#suspectRunning === entryId) this.#suspectRunning = undefined;
  }

  /**
   * Looks for pending entries of this consumer that the process does not know, and takes them up. How long they are idle
   * says nothing: the main process renews the leases of all that a live worker has.
   *
   * @param atOnce false leaves what is seen for the first time, and whose outcome is not known, to the next look: the
   *   answer that brings it may be on its way
   */
  async recoverOwn(atOnce: boolean): Promise<void> {
    const { recovery, acks, known } = this.#deps;
    const unknown = new Set<string>();
    for (const lost of await recovery.ownPending()) {
      // Asked here, in one go with the entry being noted: two rounds may overlap, and a poll may have brought it by now.
      if (known.has(lost.id)) continue;
      const outcome = acks.takeUnacknowledged(lost.id);
      if (outcome === undefined && !atOnce && !this.#unknown.has(lost.id)) {
        unknown.add(lost.id);
        continue;
      }
      known.add(lost.id);
      if (outcome !== undefined) acks.add(outcome);
      else if (lost.deliveries > 1) this.#suspects.push(lost);
      else this.#lost.push(lost);
    }
    this.#unknown = unknown;
  }

  /** Starts the next suspect, in one claimed slot. */
  async startSuspect(): Promise<void> {
    const suspect = this.#suspects.shift() as Lost;
    this.#suspectRunning = suspect.id;
    await this.#adopt([suspect], 1);
  }

  /** Starts entries that wait, in the slots that were claimed for them. */
  async start(claimed: number): Promise<void> {
    const held = this.#held.splice(0, claimed);
    for (const entry of held) this.#deps.executor.start(entry);
    const left = claimed - held.length;
    if (left > 0) await this.#adopt(this.#lost.splice(0, left), left);
  }

  /** Delivers lost entries again, into slots that were claimed for them. */
  async #adopt(lost: readonly Lost[], claimed: number): Promise<void> {
    const { recovery, known, pool, cells, log, queue, intake, suspension, consumer } = this.#deps;
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
      if (adopted.length === 0) pool.release(queue.lane, claimed);
    }
    const present = new Set(adopted.map(({ raw }) => raw[0]));
    for (const id of ids) {
      if (present.has(id)) continue;
      known.delete(id);
      this.ended(id);
    }
    for (const entry of adopted) if (intake.takeAgain(entry)) used++;
    if (used === 0) suspension.taskEnded();
    if (adopted.length === 0) return;
    pool.release(queue.lane, claimed - used);
    cells.orphans(adopted.length);
    log.info(
      { stream: queue.stream, count: adopted.length },
      `orphan recovery: ${adopted.length} entries of ${queue.stream} claimed by ${consumer}`,
    );
  }
}
