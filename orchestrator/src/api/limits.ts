import { MAX_BATCH_TASKS } from "../queue/task.ts";

/** Room in a body for everything but the payload: field names, id, white space. */
const ENVELOPE_BYTES = 16 * 1024;
/** A batch of the largest payloads would be parsed for seconds: it must be split. */
const MAX_BATCH_BYTES = 16 * 1024 * 1024;

/** Largest body of `POST /api/v1/tasks`. */
export function singleBodyBytes(maxPayloadBytes: number): number {
  return maxPayloadBytes + ENVELOPE_BYTES;
}

/** Largest body of `POST /api/v1/tasks/batch`. */
export function batchBodyBytes(maxPayloadBytes: number): number {
  const largest = Math.min(MAX_BATCH_TASKS * singleBodyBytes(maxPayloadBytes), MAX_BATCH_BYTES);
  return Math.max(largest, singleBodyBytes(maxPayloadBytes));
}

/** Largest body of every other endpoint. */
export const SMALL_BODY_BYTES = ENVELOPE_BYTES;
/** Levels of arrays and objects in a payload; deeper ones break programs that read them. */
export const MAX_PAYLOAD_DEPTH = 100;
/** What all bodies that are being received or worked on may hold together, beside their free parts. */
export const MAX_BODY_BYTES_IN_FLIGHT = 64 * 1024 * 1024;
/** A body up to this is never refused for the others: large batches do not keep single tasks out. */
export const FREE_BODY_BYTES = 128 * 1024;
/** Open connections; with the two limits above this bounds the memory that clients can take. */
export const MAX_CONNECTIONS = 1024;
/** Request line and headers together; Node answers 431 above it. */
export const MAX_HEADER_BYTES = 16 * 1024;
/** Longest path parameter that is looked up at all. */
export const MAX_PARAM_LENGTH = 256;
/** Longest delay of a delayed task: 30 days. */
export const MAX_DELAY_MS = 30 * 86_400_000;
/** Problems listed in one answer; the answer says how many more there were. */
export const MAX_LISTED_PROBLEMS = 200;

/** How patient the server is with its clients. */
export type ClientTimeouts = {
  /** Time for a request's headers. */
  readonly headersMs: number;
  /** Time for a whole request, body included. */
  readonly requestMs: number;
  /** A connection on which nothing moves for this long is closed. */
  readonly idleMs: number;
  /** An open connection waits this long for its next request; longer than the usual load balancer's minute. */
  readonly keepAliveMs: number;
  /** How often the times above are looked at. */
  readonly checkIntervalMs: number;
};

export const CLIENT_TIMEOUTS: ClientTimeouts = {
  headersMs: 10_000,
  requestMs: 30_000,
  idleMs: 90_000,
  keepAliveMs: 75_000,
  checkIntervalMs: 2_000,
};
