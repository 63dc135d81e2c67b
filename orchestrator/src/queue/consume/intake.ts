import type { Logger } from "pino";
import { messageOf, ValidationError } from "../../errors.ts";
import type { QueueKeys } from "../../keys.ts";
import type { RobustRedisACKHandler } from "../complete/ackHandler.ts";
import { decodeEntry, type Entry, type RawEntry, taskIdOf } from "../entry.ts";
import type { EntryTable } from "../entryTable.ts";
import type { Failed } from "../outcome.ts";
import type { Claimed } from "../recover/recovery.ts";
import type { Executor } from "./executor.ts";
import type { Slots } from "./slotPool.ts";
import type { Probe, Suspension } from "./suspension.ts";

export type IntakeDeps = {
  readonly queue: QueueKeys;
  readonly idPrefix: string;
  /** An entry is poison after this many crashes of its worker. */
  readonly deathLimit: number;
  readonly table: EntryTable;
  readonly executor: Executor;
  readonly acks: RobustRedisACKHandler;
  readonly suspension: Suspension;
  readonly log: Logger;
};

/** Decides about each entry that arrives: start it, defer it, or finish it at once. */
export class Intake {
  readonly #deps: IntakeDeps;

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
  }

  /** Handles an entry from a read. If the entry may start now, it uses one of these slots. */
  take(raw: RawEntry, slots: Slots, mayStart: boolean): void {
    // False if this process already has the entry: the group was reset and Redis delivered it twice.
    if (this.#deps.table.delivered(raw[0])) this.#begin(raw, slots, undefined, mayStart);
  }

  /** Handles a claimed entry. If the entry may start now, it uses one of these slots and the probe. */
  takeClaimed({ raw, deaths, record }: Claimed, slots: Slots, probe: Probe | undefined): void {
    const { acks, deathLimit, idPrefix, table } = this.#deps;
    const [id, fields] = raw;
    table.claimed(id);
    if (record !== "") {
      acks.add({ kind: "settled", entryId: id, taskId: taskIdOf(id, fields ?? [], idPrefix) });
    } else if (deaths >= deathLimit) {
      this.#poison(id, taskIdOf(id, fields ?? [], idPrefix), deaths);
    } else {
      this.#begin(raw, slots, probe, true);
    }
  }

  #begin([id, fields]: RawEntry, slots: Slots, probe: Probe | undefined, mayStart: boolean): void {
    const { queue, idPrefix, executor, suspension, table } = this.#deps;
    let entry: Entry;
    try {
      entry = decodeEntry(id, fields ?? [], queue.type, idPrefix);
    } catch (error) {
      this.#reject(id, taskIdOf(id, fields ?? [], idPrefix), error);
      return;
    }
    const paused = suspension.reason?.kind === "paused";
    if (!mayStart || paused || (suspension.active && probe === undefined)) table.defer(entry);
    else executor.start(entry, slots.split(1), probe?.move());
  }

  #reject(entryId: string, taskId: string, error: unknown): void {
    const { acks, log } = this.#deps;
    const message = messageOf(error);
    log.warn({ task_id: taskId, entry_id: entryId }, `ValidationError: ${message}`);
    const code = error instanceof ValidationError ? error.code : "INTERNAL";
    acks.add({ ...failed(entryId, taskId, message), reason: "validation", code });
  }

  #poison(entryId: string, taskId: string, deaths: number): void {
    const { acks, log } = this.#deps;
    const message = `its worker died ${deaths} times while the task ran; the task probably crashes the worker`;
    log.error({ task_id: taskId, deaths }, `Task ${taskId} failed: poison, ${message}`);
    acks.add({ ...failed(entryId, taskId, message), reason: "poison", code: "POISON", attempts: deaths });
  }
}

function failed(entryId: string, taskId: string, message: string): Failed {
  return { kind: "failed", entryId, taskId, message, reason: "internal", code: "INTERNAL", attempts: 0 };
}
