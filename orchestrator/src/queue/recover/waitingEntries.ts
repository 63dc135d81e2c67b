import type { Logger } from "pino";
import type { QueueKeys } from "../../keys.ts";
import type { LaneCells } from "../../metrics/telemetry.ts";
import type { RobustRedisACKHandler } from "../complete/ackHandler.ts";
import type { Executor } from "../consume/executor.ts";
import type { Intake } from "../consume/intake.ts";
import type { Slots } from "../consume/slotPool.ts";
import type { Probe } from "../consume/suspension.ts";
import type { Entry } from "../entry.ts";
import type { EntryTable } from "../entryTable.ts";
import type { Claimed, Recovery } from "./recovery.ts";

export type WaitingEntriesDeps = {
  readonly queue: QueueKeys;
  readonly consumer: string;
  readonly table: EntryTable;
  readonly acks: RobustRedisACKHandler;
  readonly executor: Executor;
  readonly intake: Intake;
  readonly recovery: Recovery;
  readonly cells: LaneCells;
  readonly log: Logger;
};

/** The entries that are pending for this consumer and do not run: deferred ones, and those that a former delivery left. */
export class WaitingEntries {
  readonly #deps: WaitingEntriesDeps;

  constructor(deps: WaitingEntriesDeps) {
    this.#deps = deps;
  }

  /**
   * Looks for pending entries of this consumer that the process does not know, and tries again to acknowledge what was
   * given up. How long they are idle says nothing: the main process renews the leases of all that a live worker has.
   *
   * @param certain true for an entry that no reply on its way can bring; others wait for the next look
   */
  async recoverOwn(certain: (id: string) => boolean): Promise<void> {
    const { recovery, table, acks } = this.#deps;
    table.sight(await recovery.ownPending(), certain);
    acks.retryUnacknowledged();
  }

  /** Starts the next poison candidate, in one of these slots. */
  async startCandidate(slots: Slots, probe: Probe | undefined): Promise<void> {
    await this.#start(this.#deps.table.takeCandidate(), slots, probe);
  }

  /** Starts entries that wait, as many as there are slots; a single one where it is a probe. */
  async start(slots: Slots, probe: Probe | undefined): Promise<void> {
    const most = probe === undefined ? slots.count : Math.min(1, slots.count);
    await this.#start(this.#deps.table.takeWaiting(most), slots, probe);
  }

  async #start(
    taken: { readonly deferred: readonly Entry[]; readonly claims: readonly string[] },
    slots: Slots,
    probe: Probe | undefined,
  ): Promise<void> {
    for (const entry of taken.deferred) {
      this.#deps.executor.start(entry, { slot: slots.split(1), probe: probe?.move() });
    }
    if (taken.claims.length > 0) await this.#claim(taken.claims, slots, probe);
  }

  async #claim(ids: readonly string[], slots: Slots, probe: Probe | undefined): Promise<void> {
    const { recovery, table, cells, log, queue, intake, consumer } = this.#deps;
    let claimed: Claimed[];
    try {
      claimed = await recovery.claim(ids);
    } catch (error) {
      for (const id of ids) table.claimFailed(id);
      throw error;
    }
    const present = new Set(claimed.map(({ raw }) => raw[0]));
    for (const id of ids) if (!present.has(id)) table.claimMissed(id);
    for (const entry of claimed) intake.takeClaimed(entry, slots, probe);
    if (claimed.length === 0) return;
    cells.orphans(claimed.length);
    log.info(
      { stream: queue.stream, count: claimed.length },
      `orphan recovery: ${claimed.length} entries of ${queue.stream} claimed by ${consumer}`,
    );
  }
}
