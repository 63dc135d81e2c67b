import { ValidationError } from "../errors.ts";

/** An entry of ours has few fields. One of thousands could not be copied by a script. */
const MAX_FIELDS = 64;

/** The form of a digest; an entry that was added out of band may hold anything. */
const DIGEST = /^[\w-]{1,32}$/;

/** Text as a script gives it, or as it came over the wire: most of an entry never needs to become a string. */
export type Text = string | Buffer;

/** A stream entry: id, and fields and values in turn; null where the entry was deleted. */
export type RawEntry = [id: string, fields: readonly Text[] | null];

/** A work entry, decoded. Entries may be added by hand, so that everything but the payload has a stand-in. */
export type Entry = {
  readonly id: string;
  readonly taskId: string;
  readonly payloadJson: string;
  /** Attempts spent before this entry. */
  readonly attempts: number;
  /** Stream id of the task's first entry: what latency counts from. */
  readonly originId: string;
  /** Time from the receipt of the submission to the moment it was accepted, in ms. */
  readonly waitedMs: number;
  /** What an idempotent submission was about (`taskDigest`); undefined where the service chose the id. */
  readonly digest?: string;
};

/**
 * Decodes a work entry. A missing task id becomes the generated one; an odd priority or timestamp does not matter.
 *
 * @throws ValidationError when there is no payload or the entry names another type: it can never be run here
 */
export function decodeEntry(id: string, fields: readonly Text[], type: string, idPrefix: string): Entry {
  let taskId = "";
  let payloadJson: string | undefined;
  let attempts = 0;
  let originId = id;
  let entryType = type;
  let waitedMs = 0;
  let digest: string | undefined;
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const value = fields[at + 1] as Text;
    switch (nameOf(fields[at] as Text)) {
      case "task_id":
        taskId = textOf(value);
        break;
      case "payload":
        payloadJson = textOf(value);
        break;
      case "type":
        entryType = textOf(value);
        break;
      case "attempt":
        attempts = Number.parseInt(textOf(value), 10) || 0;
        break;
      case "origin":
        originId = textOf(value);
        break;
      case "waited":
        waitedMs = Math.max(0, Number.parseInt(textOf(value), 10) || 0);
        break;
      case "digest":
        digest = DIGEST.exec(textOf(value))?.[0];
        break;
    }
  }
  if (fields.length > MAX_FIELDS) throw new ValidationError(type, [`the entry has ${fields.length / 2} fields`]);
  if (payloadJson === undefined) throw new ValidationError(type, ["the entry has no payload field"]);
  if (entryType !== type) throw new ValidationError(type, [`the entry is of type ${JSON.stringify(entryType)}`]);
  return {
    id,
    taskId: taskId === "" ? idPrefix + id : taskId,
    payloadJson,
    attempts,
    originId,
    waitedMs,
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The task id of an entry, whatever else is wrong with it. */
export function taskIdOf(id: string, fields: readonly Text[], idPrefix: string): string {
  for (let at = 0; at + 1 < fields.length; at += 2) {
    if (nameOf(fields[at] as Text) !== "task_id") continue;
    const taskId = textOf(fields[at + 1] as Text);
    if (taskId !== "") return taskId;
  }
  return idPrefix + id;
}

/** Lengths of the names that are looked for; those of `priority` and `timestamp`, in every entry, are not among them. */
const NAME_LENGTHS: ReadonlySet<number> = new Set(["task_id", "type", "origin"].map((name) => name.length));

function nameOf(field: Text): string {
  return NAME_LENGTHS.has(field.length) ? textOf(field) : "";
}

function textOf(text: Text): string {
  if (typeof text === "string") return text;
  return text.length === 0 ? "" : text.toString("utf8");
}
