import { ValidationError } from "../errors.ts";
import { DEFAULT_PRIORITY } from "./task.ts";

/** An entry of ours has few fields. One of thousands could not be copied by a script. */
const MAX_FIELDS = 64;

/** A stream entry as Redis gives it: id, and fields and values in turn; null where the entry was deleted. */
export type RawEntry = [id: string, fields: string[] | null];

/** A work entry, decoded. Entries may be added by hand, so that everything but the payload has a stand-in. */
export type Entry = {
  readonly id: string;
  readonly taskId: string;
  readonly payloadJson: string;
  readonly priority: number;
  /** Attempts spent before this entry. */
  readonly attempts: number;
  /** Stream id of the task's first entry: what latency counts from. */
  readonly originId: string;
  /** Earlier deaths, JSON array; empty when there were none. */
  readonly historyJson: string;
};

/**
 * Decodes a work entry. A missing task id becomes the generated one; an odd priority or timestamp does not matter.
 *
 * @throws ValidationError when there is no payload or the entry names another type: it can never be run here
 */
export function decodeEntry(id: string, fields: readonly string[], type: string, idPrefix: string): Entry {
  let taskId = "";
  let payloadJson: string | undefined;
  let priority = DEFAULT_PRIORITY;
  let attempts = 0;
  let originId = id;
  let historyJson = "";
  let entryType = type;
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const value = fields[at + 1] as string;
    switch (fields[at]) {
      case "task_id":
        taskId = value;
        break;
      case "payload":
        payloadJson = value;
        break;
      case "priority":
        priority = parsePriority(value);
        break;
      case "type":
        entryType = value;
        break;
      case "attempt":
        attempts = Number.parseInt(value, 10) || 0;
        break;
      case "origin":
        originId = value;
        break;
      case "history":
        historyJson = value;
        break;
    }
  }
  if (fields.length > MAX_FIELDS) throw new ValidationError(type, [`the entry has ${fields.length / 2} fields`]);
  if (payloadJson === undefined) throw new ValidationError(type, ["the entry has no payload field"]);
  if (entryType !== type) throw new ValidationError(type, [`the entry is of type ${JSON.stringify(entryType)}`]);
  return { id, taskId: taskId === "" ? idPrefix + id : taskId, payloadJson, priority, attempts, originId, historyJson };
}

/** The task id of an entry, whatever else is wrong with it. */
export function taskIdOf(id: string, fields: readonly string[], idPrefix: string): string {
  for (let at = 0; at + 1 < fields.length; at += 2) {
    if (fields[at] === "task_id" && fields[at + 1] !== "") return fields[at + 1] as string;
  }
  return idPrefix + id;
}

function parsePriority(text: string): number {
  const priority = Number(text);
  return Number.isSafeInteger(priority) ? priority : DEFAULT_PRIORITY;
}
