import type { FailureReason } from "../metrics/contract.ts";
import { entryTimeMs } from "./taskId.ts";

/**
 * The record of a task: `<state> <first entry id> <current entry id> <stream> <JSON body>`. The head can be read by a
 * script without parsing the body, which may hold a result of any depth.
 *
 * States: c completed, f failed, r retrying, d delayed, q queued (a pointer, for tasks that were moved or whose id the
 * caller chose).
 */
export type RecordState = "c" | "f" | "r" | "d" | "q";

/** Body of a record; which parts are there depends on the state. Times are epoch ms. */
export type RecordBody = {
  readonly attempts: number;
  /** What an idempotent submission was about (`taskDigest`). */
  readonly digest?: string;
  readonly startedAtMs?: number;
  readonly finishedAtMs?: number;
  readonly acceptedAtMs?: number;
  readonly dueAtMs?: number;
  readonly worker?: string;
  readonly deadLetterId?: string;
  readonly error?: { readonly reason: FailureReason; readonly code: string; readonly message: string };
  /** The result as it is stored: JSON text of any depth, never encoded again. */
  readonly resultJson?: string;
  /** The task completed and its result was not kept: Redis was over its memory limit. */
  readonly resultDropped?: true;
};

export type TaskRecord = {
  readonly state: RecordState;
  readonly originId: string;
  readonly entryId: string;
  readonly stream: string;
  readonly body: RecordBody;
};

const RECORD = /^([cfrdq]) (\S+) (\S+) (\S+) (\{.*\})$/s;

/** Reads a record; undefined for what is none. */
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

/** The result is the last member: what is before it is read, and the result itself stays the text that it is. */
function parseBody(text: string): RecordBody {
  const at = text.indexOf(RECORD_RESULT);
  if (at === -1) return JSON.parse(text) as RecordBody;
  const resultJson = text.slice(at + RECORD_RESULT.length, -1);
  return { ...(JSON.parse(`${text.slice(0, at)}}`) as RecordBody), resultJson };
}

/** Width of a result hash, in ms of the tasks' first entry. Bounds how many results expire in one go. */
export const RESULT_BUCKET_MS = 16;
/**
 * Most sequence numbers of one ms that share a hash. More than a server adds in that time: they occur where the last id
 * of a stream lies in the future, and every later entry gets the same ms. Without the bound one hash would hold all
 * results from then on, and each new one would renew its expiry.
 */
export const RESULT_BUCKET_SEQUENCES = 4096;

/** Name of the result hash that holds the result of a first-attempt task, by its entry. `claim.lua` computes the same. */
export function resultBucket(entryId: string): string {
  const sequence = Math.floor(Number(entryId.slice(entryId.indexOf("-") + 1)) / RESULT_BUCKET_SEQUENCES);
  const time = Math.floor(entryTimeMs(entryId) / RESULT_BUCKET_MS);
  return sequence > 0 ? `${time}.${sequence}` : String(time);
}

/**
 * A result as the hashes hold it: `<started> <finished> <worker> <JSON>`, of a first attempt; built by concatenation, once
 * per task.
 *
 * @param startedAtMs epoch ms, like `finishedAtMs`
 */
export function packResult(startedAtMs: number, finishedAtMs: number, worker: string, resultJson: string): string {
  return `${startedAtMs} ${finishedAtMs} ${worker} ${resultJson}`;
}

/** In place of a packed result's JSON: the result was dropped. */
const DROPPED = "-";
const RECORD_RESULT = ',"result":';

/** A packed result, or the record of a completed task, without the result itself and marked so. */
export function withoutResult(packedOrRecord: string): string {
  if (packedOrRecord.startsWith("c ")) {
    const head = packedOrRecord.slice(0, packedOrRecord.indexOf(RECORD_RESULT));
    return `${head},"resultDropped":true}`;
  }
  const [started, finished, worker] = packedOrRecord.split(" ", 3);
  return `${started} ${finished} ${worker} ${DROPPED}`;
}

/** Reads a packed result; what is empty (the result was not to be kept) or unreadable has no result in it. */
export function parseResult(text: string): RecordBody {
  const match = /^(\d+) (\d+) (\S+) (.*)$/s.exec(text);
  const body = { attempts: 1 };
  if (match === null) return body;
  const [, started, finished, worker, json] = match as unknown as [string, string, string, string, string];
  const facts = { ...body, startedAtMs: Number(started), finishedAtMs: Number(finished), worker };
  if (json === DROPPED) return { ...facts, resultDropped: true };
  return { ...facts, resultJson: json };
}

/** The record of a completed task that has one: it was moved, or its id was chosen by the caller. */
export function completedRecord(
  head: { readonly originId: string; readonly entryId: string; readonly stream: string; readonly digest?: string },
  attempts: number,
  packed: string,
): string {
  const [started, finished, worker] = packed.split(" ", 3) as [string, string, string];
  const resultJson = packed.slice(started.length + finished.length + worker.length + 3);
  const digest = head.digest === undefined ? "" : `"digest":"${head.digest}",`;
  const body = `{${digest}"attempts":${attempts},"startedAtMs":${started},"finishedAtMs":${finished},"worker":${JSON.stringify(worker)},"result":${resultJson}}`;
  return `c ${head.originId} ${head.entryId} ${head.stream} ${body}`;
}
