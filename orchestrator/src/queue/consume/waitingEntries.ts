import type { Logger } from "pino";
import type { QueueKeys } from "../../keys.ts";
import type { LaneCounters } from "../../metrics/telemetry.ts";
import type { RobustRedisACKHandler } from "../complete/ackHandler.ts";
import type { Entry } from "../entry.ts";
import type { EntryTable } from "../entryTable.ts";
import type { Claimed, Recovery } from "../recover/recovery.ts";
import type { Executor } from "./executor.ts";
import type { Intake } from "./intake.ts";
import type { Slots } from "./slotPool.ts";
import type { Probe } from "./suspension.ts";

export type WaitingEntriesDeps = {
  readonly queue: QueueKeys;
  readonly consumer: string;
  readonly table: EntryTable;
  readonly acks: RobustRedisACKHandler;
  readonly executor: Executor;
  readonly intake: Intake;
  readonly recovery: Recovery;
  readonly counters: LaneCounters;
  readonly log: Logger;
};

/** The entries that are pending for this consumer and do not run: deferred entries, and entries of earlier deliveries. */
export class WaitingEntries {
  readonly #deps: WaitingEntriesDeps;

  constructor(deps: WaitingEntriesDeps) {
    this.#deps = deps;
  }

  /**
   * Finds pending entries of this consumer that the process does not know, drops deferred ones that another consumer has
   * claimed, and retries acknowledgements that failed. Idle time does not identify unknown entries: the main process renews
   * the lease of every entry that a live worker has.
   *
   * @param certain true for an entry that no read in progress can return; any other is left for the next call
   */
  async recoverOwn(certain: (id: string) => boolean): Promise<void> {
    const { recovery, table, acks } = this.#deps;
    const deferred = table.deferred;
    const pending = await recovery.ownPending();
    table.comparePending(pending, certain);
    if (deferred.length > 0) {
      const own = new Set(pending.map(({ id }) => id));
      for (const id of deferred) if (!own.has(id)) table.deferredLost(id);
    }
    acks.retryUnacknowledged();
  }

  /** Starts the next poison candidate in one of these slots. */
  async startCandidate(slots: Slots, probe: Probe | undefined): Promise<void> {
    await this.#start(this.#deps.table.takeCandidate(), slots, probe);
  }

  /** Starts one waiting entry per slot; with a probe, only one. */
  async start(slots: Slots, probe: Probe | undefined): Promise<void> {
    const limit = probe === undefined ? slots.count : Math.min(1, slots.count);
    await this.#start(this.#deps.table.takeWaiting(limit), slots, probe);
  }

  async #start(
    taken: { readonly deferred: readonly Entry[]; readonly claims: readonly string[] },
    slots: Slots,
    probe: Probe | undefined,
  ): Promise<void> {
    for (const entry of taken.deferred) {
      this.#deps.executor.start(entry, slots.split(1), probe?.move());
    }
    if (taken.claims.length > 0) await this.#claim(taken.claims, slots, probe);
  }

  async #claim(ids: readonly string[], slots: Slots, probe: Probe | undefined): Promise<void> {
    const { recovery, table, counters, log, queue, intake, consumer } = this.#deps;
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
    counters.orphans(claimed.length);
    log.info(
      { stream: queue.stream, count: claimed.length },
      `orphan recovery: ${claimed.length} entries of ${queue.stream} claimed by ${consumer}`,
    );
  }
}
