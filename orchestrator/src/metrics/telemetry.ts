import type {
  CIRCUIT_STATES,
  FailureReason,
  Lane,
  RequestCause,
  RequestOutcome,
  RequestRoute,
  SubmissionCause,
  Upstream,
  UpstreamOutcome,
} from "./contract.ts";

/** State of a circuit breaker. */
export type CircuitState = (typeof CIRCUIT_STATES)[number];

/** Counters of one lane of a task type. Create them once with `Telemetry.lane` and call them on the hot path. */
export type LaneCounters = {
  /** Tasks that clients submitted for this lane, by the cause of the answer. */
  submitted(cause: SubmissionCause, count: number): void;
  /** Tasks accepted into the stream through the API. */
  enqueued(count: number): void;
  /** Tasks finished with a result. */
  completed(count: number): void;
  /** Tasks that ended in the dead letter queue. */
  failed(reason: FailureReason, count: number): void;
  /** Time from the first stream entry of a task to its stored result. */
  latency(seconds: number): void;
  /** Time from the receipt of the submission to the stored result. */
  wait(seconds: number): void;
  /** Attempts to acknowledge a message: one call per batch, with both outcomes. */
  ackAttempts(ok: number, error: number): void;
  /** Messages whose acknowledgement failed for good. */
  ackFailures(count: number): void;
  /** Entries claimed from a consumer that stopped working on them. */
  orphans(count: number): void;
  /** Attempts after the first. */
  retries(count: number): void;
  /** Results that were dropped because another consumer had claimed the entry. */
  lateFinishes(count: number): void;
};

/** Counters of the requests to one external API. */
export type UpstreamCounters = {
  request(outcome: UpstreamOutcome, seconds: number): void;
  circuit(state: CircuitState): void;
};

/** Counters of the HTTP API. */
export type HttpCounters = {
  /** One answered request. Its outcome follows from the cause. */
  request(route: RequestRoute, cause: RequestCause): void;
  /** Time from the receipt of a submission to its answer. */
  submission(outcome: RequestOutcome, seconds: number): void;
};

/** Counters of the commands to Redis. */
export type RedisCounters = {
  /** Time from a command to its reply or failure. */
  command(seconds: number): void;
};

/** Counts events of the service. Counters are created once and called with numbers, without label objects. */
export interface Telemetry {
  lane(type: string, lane: Lane): LaneCounters;
  /** A submitted task that is invalid. An unknown type is counted as `unknown`. */
  invalid(type: string, lane: Lane): void;
  upstream(name: Upstream): UpstreamCounters;
  http(): HttpCounters;
  redis(): RedisCounters;
}

const nothing = (): void => undefined;

/** Counts nothing. For tools and benchmarks. */
export const noTelemetry: Telemetry = {
  lane: () => ({
    submitted: nothing,
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
  invalid: nothing,
  upstream: () => ({ request: nothing, circuit: nothing }),
  http: () => ({ request: nothing, submission: nothing }),
  redis: () => ({ command: nothing }),
};
