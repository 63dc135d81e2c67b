import { LANES, type Lane, UPSTREAMS, type Upstream } from "../metrics/contract.ts";
import type { CircuitNews } from "../upstream/breaker.ts";

/** What the main process tells a worker. Both run the same code, so messages carry no version. */
export type ToWorker =
  /** `types` are all task types: the layout of the metrics follows from them. `instance` is this life of the main process. */
  | { readonly kind: "start"; readonly types: readonly string[]; readonly instance: string; readonly logLevel: string }
  /** Entries of a worker that has ended wait to be taken over. */
  | { readonly kind: "recover" }
  | { readonly kind: "level"; readonly logLevel: string }
  | Circuit
  /** Finish what is in flight within the time, hand back the rest, exit. */
  | { readonly kind: "drain"; readonly timeoutMs: number };

/** That a worker lives, and what it does. */
export type Heartbeat = {
  readonly kind: "heartbeat";
  /** Milliseconds since each lane last finished a poll, or was last seen to have good reason not to poll. */
  readonly pollAgeMs: Readonly<Record<Lane, number>>;
  readonly inFlight: number;
  readonly rssBytes: number;
  /** Why it does not take tasks right now; empty when it does. */
  readonly paused: string;
  /** A task that goes on although it was aborted; empty when there is none. */
  readonly stuckTask: string;
};

/** Increments of counters since the last one, and the states of the circuit breakers. */
export type Flush = {
  readonly kind: "metrics";
  readonly deltas: readonly number[];
  readonly circuits: readonly number[];
};

/** That a task was delayed, and will be due after this time. */
export type Delayed = { readonly kind: "delayed"; readonly delayMs: number };

/** What a worker's circuit breaker learned about an upstream; the main process passes it on to the other workers. */
export type Circuit = { readonly kind: "circuit"; readonly upstream: Upstream; readonly news: CircuitNews };

/** What a worker sends to the main process. */
export type FromWorker = Heartbeat | Flush | Delayed | Circuit;

/** A worker's message, or undefined for anything else. The deltas themselves are checked where they are added. */
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
    case "circuit":
      return UPSTREAMS.some((upstream) => upstream === value.upstream) && isNews(value.news)
        ? (message as Circuit)
        : undefined;
    default:
      return undefined;
  }
}

function isNews(value: unknown): value is CircuitNews {
  if (typeof value !== "object" || value === null || !("event" in value)) return false;
  if (value.event === "opened") return "openMs" in value && isNumber(value.openMs);
  return value.event === "failed" || value.event === "succeeded" || value.event === "closed";
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && value >= 0;
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === "number");
}
