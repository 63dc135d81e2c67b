import { LANES, type Lane, UPSTREAMS, type Upstream } from "../metrics/contract.ts";
import type { CircuitEvent } from "../upstream/breaker.ts";

/** A message from the main process to a worker. Both run the same code, so messages have no version. */
export type ToWorker =
  /** `types` are all task types, which define the layout of the metrics. `instance` is the id of the main process. */
  | { readonly kind: "start"; readonly types: readonly string[]; readonly instance: string; readonly logLevel: string }
  /** Start orphan recovery: entries of an ended worker can be claimed. */
  | { readonly kind: "recover" }
  | { readonly kind: "level"; readonly logLevel: string }
  | Circuit
  /** Finish the tasks in flight within the time, release the rest, exit. */
  | { readonly kind: "drain"; readonly timeoutMs: number };

/** Shows that a worker is alive, with its state. */
export type Heartbeat = {
  readonly kind: "heartbeat";
  /** Milliseconds since each lane last finished a poll, or last had a good reason not to poll. */
  readonly pollAgeMs: Readonly<Record<Lane, number>>;
  readonly inFlight: number;
  readonly rssBytes: number;
  /** Why it starts no tasks at the moment; empty if it does. */
  readonly paused: string;
  /** A task that still runs after its abort; empty if there is none. */
  readonly stuckTask: string;
};

/** Increments of counters since the last message, and the states of the circuit breakers. */
export type Flush = {
  readonly kind: "metrics";
  readonly deltas: readonly number[];
  readonly circuits: readonly number[];
};

/** A task was delayed and is due after this time. */
type Delayed = { readonly kind: "delayed"; readonly delayMs: number };

/** The worker drains because it received a signal, and exits with status 0 after that. */
type Draining = { readonly kind: "draining" };

/** An event of a circuit breaker. The main process forwards it from one worker to the others. */
export type Circuit = { readonly kind: "circuit"; readonly upstream: Upstream; readonly event: CircuitEvent };

/** A message from a worker to the main process. */
export type FromWorker = Heartbeat | Flush | Delayed | Draining | Circuit;

/** Validates a message of a worker; undefined for anything else. The deltas are checked when they are added. */
export function parseFromWorker(message: unknown): FromWorker | undefined {
  if (typeof message !== "object" || message === null || !("kind" in message)) return undefined;
  const value = message as Record<string, unknown>;
  switch (value.kind) {
    case "heartbeat":
      return LANES.every((lane) => isNumber((value.pollAgeMs as Record<string, unknown> | undefined)?.[lane])) &&
        isNumber(value.inFlight) &&
        isNumber(value.rssBytes) &&
        typeof value.paused === "string" &&
        typeof value.stuckTask === "string"
        ? (message as Heartbeat)
        : undefined;
    case "metrics":
      return isNumbers(value.deltas) && isNumbers(value.circuits) ? (message as Flush) : undefined;
    case "delayed":
      return isNumber(value.delayMs) ? (message as Delayed) : undefined;
    case "draining":
      return message as Draining;
    case "circuit":
      return UPSTREAMS.some((upstream) => upstream === value.upstream) && isCircuitEvent(value.event)
        ? (message as Circuit)
        : undefined;
    default:
      return undefined;
  }
}

function isCircuitEvent(value: unknown): value is CircuitEvent {
  if (typeof value !== "object" || value === null || !("kind" in value)) return false;
  if (value.kind === "opened") return "openMs" in value && isNumber(value.openMs);
  return value.kind === "failed" || value.kind === "succeeded" || value.kind === "closed";
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && value >= 0;
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === "number");
}
