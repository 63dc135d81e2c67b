/** States of a task record, with the letter that stands for each in Redis. A script writes `STATE.failed` for a letter. */
export const RECORD_STATES = {
  completed: "c",
  failed: "f",
  retrying: "r",
  delayed: "d",
  /** The record refers to the stream entry of a task that was moved, or whose id the caller chose. */
  queued: "q",
} as const;

export type RecordState = (typeof RECORD_STATES)[keyof typeof RECORD_STATES];

const STATUS_OF = new Map(Object.entries(RECORD_STATES).map(([status, letter]) => [letter, status])) as ReadonlyMap<
  string,
  keyof typeof RECORD_STATES
>;

/** The state for a letter; undefined for any other text. */
export function statusOfLetter(letter: string): keyof typeof RECORD_STATES | undefined {
  return STATUS_OF.get(letter);
}
