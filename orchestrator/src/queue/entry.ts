import { ValidationError } from "../errors.ts";

/** The service writes few fields. A script cannot copy an entry with thousands of them. */
const MAX_FIELDS = 64;

/** The form of a digest. An entry that was added out of band may contain anything. */
const DIGEST = /^[\w-]{1,32}$/;
/** The form of a stream id. */
export const STREAM_ID = /^\d{1,20}-\d{1,20}$/;

/** Text from a script, or bytes from the connection: most bytes of an entry never become a string. */
export type Text = string | Buffer;

/** A stream entry: its id, then fields and values in turn; null if the entry was deleted. */
export type RawEntry = [id: string, fields: readonly Text[] | null];

/** A decoded entry. An operator may add entries by hand, so every field except the payload has a default. */
export type Entry = {
  readonly id: string;
  readonly taskId: string;
  readonly payloadJson: string;
  /** Attempts spent before this entry. */
  readonly attempts: number;
  /** Stream id of the first entry of the task. Latency is measured from it. */
  readonly originId: string;
  /** Time from the receipt of the submission to its acceptance, in ms. */
  readonly waitedMs: number;
  /** Digest of the content of an idempotent submission (`taskDigest`); undefined if the service generated the id. */
  readonly digest?: string;
};

/**
 * Decodes an entry. A missing task id becomes the generated one.
 *
 * @throws ValidationError if the entry can never run here: it has no payload, or names another type
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
        originId = STREAM_ID.exec(textOf(value))?.[0] ?? id;
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
  const entry = { id, taskId: taskId === "" ? idPrefix + id : taskId, payloadJson, attempts, originId, waitedMs };
  return digest === undefined ? entry : { ...entry, digest };
}

/** The task id of an entry, also of one that cannot be decoded. */
export function taskIdOf(id: string, fields: readonly Text[], idPrefix: string): string {
  for (let at = 0; at + 1 < fields.length; at += 2) {
    if (nameOf(fields[at] as Text) !== "task_id") continue;
    const taskId = textOf(fields[at + 1] as Text);
    if (taskId !== "") return taskId;
  }
  return idPrefix + id;
}

/** Lengths of the field names in use. They exclude `priority` and `timestamp`, which need no decoding. */
const NAME_LENGTHS: ReadonlySet<number> = new Set(["task_id", "type", "origin"].map((name) => name.length));

function nameOf(field: Text): string {
  return NAME_LENGTHS.has(field.length) ? textOf(field) : "";
}

function textOf(text: Text): string {
  if (typeof text === "string") return text;
  return text.length === 0 ? "" : text.toString("utf8");
}
