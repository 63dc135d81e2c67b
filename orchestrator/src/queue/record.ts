import type { FailureReason } from "../metrics/contract.ts";
import { RECORD_STATES, type RecordState } from "../recordState.ts";
import { entryTimeMs } from "./taskId.ts";

/**
 * The record of a task: `<state> <first entry id> <current entry id> <stream> <JSON body>`. A script can read the head
 * without parsing the body, which may hold a result of any depth.
 */
export type TaskRecord = {
  readonly state: RecordState;
  readonly originId: string;
  readonly entryId: string;
  readonly stream: string;
  readonly body: RecordBody;
};

/** Body of a record. Its fields depend on the state. Times are epoch ms. */
export type RecordBody = {
  readonly attempts: number;
  /** Digest of the content of an idempotent submission (`taskDigest`). */
  readonly digest?: string;
  readonly startedAtMs?: number;
  readonly finishedAtMs?: number;
  readonly acceptedAtMs?: number;
  readonly dueAtMs?: number;
  readonly worker?: string;
  readonly deadLetterId?: string;
  readonly error?: { readonly reason: FailureReason; readonly code: string; readonly message: string };
  /** The result as stored: JSON text of any depth, never encoded again. */
  readonly resultJson?: string;
  /** The task completed, but its result was dropped because Redis was over its memory limit. */
  readonly resultDropped?: true;
};

const RECORD = new RegExp(`^([${Object.values(RECORD_STATES).join("")}]) (\\S+) (\\S+) (\\S+) (\\{.*\\})$`, "s");

/** Parses a record; undefined if the text is not a record. */
export function parseRecord(text: string): TaskRecord | undefined {
  const match = RECORD.exec(text);
  if (match === null) return undefined;
  const [, state, originId, entryId, stream, body] = match as unknown as [string, RecordState, ...string[]];
  try {
    return {
      state,
      originId: originId as string,
      entryId: entryId as string,
      stream: stream as string,
      body: parseBody(body as string),
    };
  } catch {
    return undefined;
  }
}

/** Parses the members before the result, which is the last one. The result itself stays text. */
function parseBody(text: string): RecordBody {
  const at = text.indexOf(RECORD_RESULT);
  if (at === -1) return JSON.parse(text) as RecordBody;
  const resultJson = text.slice(at + RECORD_RESULT.length, -1);
  return { ...(JSON.parse(`${text.slice(0, at)}}`) as RecordBody), resultJson };
}

/** Far longer than one pass of the janitor over all dead letters. `complete.lua` sets it on a new record. */
export const DEAD_LETTER_RECORD_TTL_SECONDS = 604_800;

/** Width of a result hash, in ms of entry time. Bounds how many results expire at once. */
export const RESULT_BUCKET_MS = 16;
/**
 * Limit of sequence numbers of one ms in one hash. A server adds fewer entries than this in 1 ms. But if the last id of a
 * stream is in the future, all later entries get the same ms. Without this limit one hash would then hold all results,
 * and each new result would renew its expiry.
 */
export const RESULT_BUCKET_SEQUENCES = 4096;

/** The hash that holds the result of a first attempt, by entry id. `claim.lua` computes the same name. */
export function resultBucket(entryId: string): string {
  const sequence = Math.floor(Number(entryId.slice(entryId.indexOf("-") + 1)) / RESULT_BUCKET_SEQUENCES);
  const time = Math.floor(entryTimeMs(entryId) / RESULT_BUCKET_MS);
  return sequence > 0 ? `${time}.${sequence}` : String(time);
}

/**
 * The result of a first attempt as the hashes store it: `<started> <finished> <worker> <JSON>`. Concatenated for speed:
 * this runs once per task.
 *
 * @param startedAtMs epoch ms, like `finishedAtMs`
 */
export function packResult(startedAtMs: number, finishedAtMs: number, worker: string, resultJson: string): string {
  return `${startedAtMs} ${finishedAtMs} ${worker} ${resultJson}`;
}

/** Replaces the JSON of a dropped result. */
const DROPPED = "-";
const RECORD_RESULT = ',"result":';

/** Removes the result from a packed result or a record of a completed task, and marks it as dropped. */
export function withoutResult(packedOrRecord: string): string {
  if (packedOrRecord.startsWith(`${RECORD_STATES.completed} `)) {
    const head = packedOrRecord.slice(0, packedOrRecord.indexOf(RECORD_RESULT));
    return `${head},"resultDropped":true}`;
  }
  const [started, finished, worker] = packedOrRecord.split(" ", 3);
  return `${started} ${finished} ${worker} ${DROPPED}`;
}

/** Parses a packed result. Empty text (results are not kept) and unreadable text give a body without a result. */
export function parseResult(text: string): RecordBody {
  const match = /^(\d+) (\d+) (\S+) (.*)$/s.exec(text);
  const body = { attempts: 1 };
  if (match === null) return body;
  const [, started, finished, worker, json] = match as unknown as [string, string, string, string, string];
  const facts = { ...body, startedAtMs: Number(started), finishedAtMs: Number(finished), worker };
  if (json === DROPPED) return { ...facts, resultDropped: true };
  return { ...facts, resultJson: json };
}

/** The record of a completed task whose id a caller chose, or which was retried or delayed. */
export function completedRecord(
  head: { readonly originId: string; readonly entryId: string; readonly stream: string; readonly digest?: string },
  attempts: number,
  packed: string,
): string {
  const [started, finished, worker] = packed.split(" ", 3) as [string, string, string];
  const resultJson = packed.slice(started.length + finished.length + worker.length + 3);
  const digest = head.digest === undefined ? "" : `"digest":"${head.digest}",`;
  const body = `{${digest}"attempts":${attempts},"startedAtMs":${started},"finishedAtMs":${finished},"worker":${JSON.stringify(worker)},"result":${resultJson}}`;
  return `${RECORD_STATES.completed} ${head.originId} ${head.entryId} ${head.stream} ${body}`;
}
