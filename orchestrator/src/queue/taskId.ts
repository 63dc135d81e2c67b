import { LANES, type Lane, TASK_TYPE } from "../metrics/contract.ts";

/** What a caller may choose as a task id. */
export const TASK_ID_PATTERN = /^[A-Za-z0-9._:-]{1,128}$/;

const GENERATED = new RegExp(`^(${TASK_TYPE})\\.(${LANES.join("|")})\\.(\\d{1,16}-\\d{1,16})$`);

/** The parts of a generated task id. It contains the stream id of its entry, so a queued task is found without an index. */
export type GeneratedTaskId = { readonly type: string; readonly lane: Lane; readonly entryId: string };

/** Parses a generated task id; undefined for an id that a caller chose. */
export function parseGeneratedTaskId(taskId: string): GeneratedTaskId | undefined {
  const match = GENERATED.exec(taskId);
  if (match?.[1] === undefined || match[3] === undefined) return undefined;
  return { type: match[1], lane: match[2] as Lane, entryId: match[3] };
}

/** The prefix of the generated task ids of one lane. */
export function generatedTaskIdPrefix(type: string, lane: Lane): string {
  return `${type}.${lane}.`;
}

/** True for an id that a caller may choose: well formed and not in the form of a generated id. */
export function isChosenTaskId(taskId: string): boolean {
  return TASK_ID_PATTERN.test(taskId) && parseGeneratedTaskId(taskId) === undefined;
}

/** Milliseconds since the epoch of a stream id `ms-seq`; NaN for anything else. */
export function entryTimeMs(entryId: string): number {
  return Number.parseInt(entryId, 10);
}

/** True if one stream id `ms-seq` comes before another. */
export function isEarlierEntry(one: string, other: string): boolean {
  const dash = one.indexOf("-");
  // The usual case: with equal numbers of digits, ids compare like text.
  if (one.length === other.length && dash === other.indexOf("-")) return one < other;
  const byTime = entryTimeMs(one) - entryTimeMs(other);
  if (byTime !== 0) return byTime < 0;
  return Number(one.slice(dash + 1)) < Number(other.slice(other.indexOf("-") + 1));
}
