import { MAX_BATCH_TASKS } from "../queue/task.ts";

/** Space in a body for everything except the payload: field names, id, white space. */
const ENVELOPE_BYTES = 16 * 1024;
/** Parsing a larger batch would take seconds. */
const MAX_BATCH_BYTES = 16 * 1024 * 1024;

/** Size limit of the body of `POST /api/v1/tasks`. */
export function singleBodyBytes(maxPayloadBytes: number): number {
  return maxPayloadBytes + ENVELOPE_BYTES;
}

/** Size limit of the body of `POST /api/v1/tasks/batch`. */
export function batchBodyBytes(maxPayloadBytes: number): number {
  const largest = Math.min(MAX_BATCH_TASKS * singleBodyBytes(maxPayloadBytes), MAX_BATCH_BYTES);
  return Math.max(largest, singleBodyBytes(maxPayloadBytes));
}

/** Size limit of the body of any other endpoint. */
export const SMALL_BODY_BYTES = ENVELOPE_BYTES;
/** Limit of nested arrays and objects in a payload. Deeper nesting breaks programs that read it. */
export const MAX_PAYLOAD_DEPTH = 100;
/** Size limit of all large bodies together, from their receipt to the end of their requests. */
export const MAX_BODY_BYTES_IN_FLIGHT = 64 * 1024 * 1024;
/** Bodies up to this size do not count, so that large batches do not block single tasks. */
export const FREE_BODY_BYTES = 128 * 1024;
/** Limit of open connections. Together with the two limits above it bounds the memory that clients can use. */
export const MAX_CONNECTIONS = 1024;
/** Size limit of the request line and headers. Node answers 431 above it. */
export const MAX_HEADER_BYTES = 16 * 1024;
/** Length limit of a path parameter. */
export const MAX_PARAM_LENGTH = 256;
/** Longest delay of a task: 30 days. */
export const MAX_DELAY_MS = 30 * 86_400_000;
/** Limit of problems in one answer. The answer contains the number of omitted ones. */
export const MAX_LISTED_PROBLEMS = 200;

/** Timeouts for slow clients. */
export type ClientTimeouts = {
  /** For the headers of a request. */
  readonly headersMs: number;
  /** For a whole request, including its body. */
  readonly requestMs: number;
  /** A connection without traffic for this long is closed. */
  readonly idleMs: number;
  /** An open connection may wait this long for its next request. Longer than the usual minute of load balancers. */
  readonly keepAliveMs: number;
  /** How often these timeouts are checked. */
  readonly checkIntervalMs: number;
};

export const CLIENT_TIMEOUTS: ClientTimeouts = {
  headersMs: 10_000,
  requestMs: 30_000,
  idleMs: 90_000,
  keepAliveMs: 75_000,
  checkIntervalMs: 2_000,
};
