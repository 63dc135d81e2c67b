import type { Logger } from "pino";
import { messageOf, ValidationError } from "../../errors.ts";
import type { QueueKeys } from "../../keys.ts";
import type { RobustRedisACKHandler } from "../complete/ackHandler.ts";
import type { Failed } from "../complete/completion.ts";
import { decodeEntry, type Entry, type RawEntry, taskIdOf } from "../entry.ts";
import type { Adopted } from "../recover/recovery.ts";
import type { Executor } from "./executor.ts";
import type { Suspension } from "./suspension.ts";

export type IntakeDeps = {
  readonly queue: QueueKeys;
  readonly idPrefix: string;
  /** Deliveries above which an entry is poison. */
  readonly deliveryLimit: number;
  readonly executor: Executor;
  readonly acks: RobustRedisACKHandler;
  readonly suspension: Suspension;
  readonly log: Logger;
  /** Keeps an entry that may not start now. */
  readonly hold: (entry: Entry) => void;
};

/** Decides about every entry that arrives: it runs, it waits, or it is finished here and now. */
export class Intake {
  readonly #deps: IntakeDeps;

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
  }

  /** Takes an entry in, in a claimed slot; false when it needed none. */
  take([id, fields]: RawEntry): boolean {
    const { queue, idPrefix, executor, suspension, hold } = this.#deps;
    let entry: Entry;
    try {
      entry = decodeEntry(id, fields ?? [], queue.type, idPrefix);
    } catch (error) {
      this.#refuse(id, taskIdOf(id, fields ?? [], idPrefix), error);
      return false;
    }
    if (suspension.reason?.kind === "paused") {
      hold(entry);
      return false;
    }
    executor.start(entry);
    return true;
  }

  /** Takes in an entry that was delivered before; false when it needed no slot. */
  takeAgain({ raw, deliveries, record }: Adopted): boolean {
    const { deliveryLimit, acks, idPrefix } = this.#deps;
    if (record === "" && deliveries <= deliveryLimit) return this.take(raw);
    const taskId = taskIdOf(raw[0], raw[1] ?? [], idPrefix);
    if (record !== "") acks.add({ kind: "settled", entryId: raw[0], taskId });
    else this.#poison(raw[0], taskId, deliveries);
    return false;
  }

  #refuse(entryId: string, taskId: string, error: unknown): void {
    const { acks, log } = this.#deps;
    const message = messageOf(error);
    log.warn({ task_id: taskId, entry_id: entryId }, `ValidationError: ${message}`);
    const code = error instanceof ValidationError ? error.code : "INTERNAL";
    acks.add({ ...failed(entryId, taskId, message), reason: "validation", code });
  }

  #poison(entryId: string, taskId: string, deliveries: number): void {
    const { acks, log } = this.#deps;
    const message = `delivered ${deliveries} times and never finished: it seems to take its worker down`;
    log.error({ task_id: taskId, deliveries }, `Task ${taskId} failed: poison, ${message}`);
    acks.add({ ...failed(entryId, taskId, message), reason: "poison", code: "POISON", attempts: deliveries - 1 });
  }
}

function failed(entryId: string, taskId: string, message: string): Failed {
  return { kind: "failed", entryId, taskId, message, reason: "internal", code: "INTERNAL", attempts: 0 };
}
