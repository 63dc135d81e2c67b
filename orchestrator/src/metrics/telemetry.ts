import type {
  CIRCUIT_STATES,
  FailureReason,
  Lane,
  RejectReason,
  RequestCause,
  RequestOutcome,
  RequestRoute,
  Upstream,
  UpstreamOutcome,
} from "./contract.ts";

/** State of a circuit breaker. */
export type CircuitState = (typeof CIRCUIT_STATES)[number];

/** Counters of one lane of one task type. Bind them once with `Telemetry.lane`, then call them on the hot path. */
export type LaneCells = {
  /** Tasks accepted into the stream through the API. */
  enqueued(count: number): void;
  /** Tasks finished with a result. */
  completed(count: number): void;
  /** Tasks that ended in the dead letter queue. */
  failed(reason: FailureReason, count: number): void;
  /** Time from a task's first stream entry to its stored result. */
  latency(seconds: number): void;
  /** Time from the receipt of a task's submission to its stored result. */
  wait(seconds: number): void;
  /** Attempts to acknowledge a message: one call per batch, with both outcomes. */
  ackAttempts(ok: number, error: number): void;
  /** Messages whose attempts to acknowledge all failed. */
  ackFailures(count: number): void;
  /** Entries claimed from a consumer that stopped working on them. */
  orphans(count: number): void;
  /** Attempts after the first. */
  retries(count: number): void;
  /** Results dropped because the entry belonged to another consumer by then. */
  lateFinishes(count: number): void;
};

/** Counters of the requests to one external API. */
export type UpstreamCells = {
  request(outcome: UpstreamOutcome, seconds: number): void;
  circuit(state: CircuitState): void;
};

/** Counters of the HTTP API. */
export type HttpCells = {
  /** One request that was answered; its outcome follows from the cause. */
  request(route: RequestRoute, cause: RequestCause): void;
  /** Time from the receipt of a submission to its answer. */
  submission(outcome: RequestOutcome, seconds: number): void;
};

/** Where the service reports what happened. No label objects: cells are bound once and called with numbers. */
export interface Telemetry {
  lane(type: string, lane: Lane): LaneCells;
  /** Rejected submissions; `type` is `unknown` where the submission named none that is known. */
  rejected(type: string, reason: RejectReason, count: number): void;
  upstream(name: Upstream): UpstreamCells;
  http(): HttpCells;
}

const nothing = (): void => undefined;

/** Reports nothing: for tools and benchmarks that measure something else. */
export const noTelemetry: Telemetry = {
  lane: () => ({
    enqueued: nothing,
    completed: nothing,
    failed: nothing,
    latency: nothing,
    wait: nothing,
    ackAttempts: nothing,
    ackFailures: nothing,
    orphans: nothing,
    retries: nothing,
    lateFinishes: nothing,
  }),
  rejected: nothing,
  upstream: () => ({ request: nothing, circuit: nothing }),
  http: () => ({ request: nothing, submission: nothing }),
};
