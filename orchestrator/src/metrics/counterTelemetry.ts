import {
  FAILURE_REASONS,
  type LANES,
  METRICS,
  type MetricNameOf,
  REQUEST_CAUSES,
  REQUEST_OUTCOMES,
  REQUEST_ROUTES,
  type RequestCause,
  SUBMISSION_CAUSES,
  UPSTREAM_OUTCOMES,
  type UPSTREAMS,
} from "./contract.ts";
import { type CountedMetric, type LabelsOf, type Layout, UNKNOWN_TYPE } from "./layout.ts";
import type {
  CircuitState,
  HttpCounters,
  LaneCounters,
  RedisCounters,
  Telemetry,
  UpstreamCounters,
} from "./telemetry.ts";

/** What telemetry adds to: the metrics themselves in the main process, what is to be reported in a worker. */
export type CounterSink = {
  /**
   * Adds to what has this offset in the layout.
   *
   * @param sum of what was observed, for the bucket of a histogram; 0 for a counter
   */
  add(offset: number, count: number, sum: number): void;
  circuit(upstream: (typeof UPSTREAMS)[number], state: CircuitState): void;
};

/** Telemetry by the layout: label combinations become offsets once, and calls are an addition each. */
export class CounterTelemetry implements Telemetry {
  readonly #layout: Layout;
  readonly #sink: CounterSink;

  constructor(layout: Layout, sink: CounterSink) {
    this.#layout = layout;
    this.#sink = sink;
  }

  lane(type: string, lane: (typeof LANES)[number]): LaneCounters {
    const at = { type, lane };
    const failed = new Map(
      FAILURE_REASONS.map((reason) => [reason, this.#counter("mcp_tasks_failed_total", { ...at, reason })]),
    );
    const submitted = new Map(
      SUBMISSION_CAUSES.map((cause) => [cause, this.#counter("mcp_tasks_submitted_total", { ...at, cause })]),
    );
    const attemptsOk = this.#counter("mcp_ack_attempts_total", { ...at, outcome: "ok" });
    const attemptsError = this.#counter("mcp_ack_attempts_total", { ...at, outcome: "error" });
    return {
      submitted: (cause, count) => submitted.get(cause)?.(count),
      enqueued: this.#counter("mcp_tasks_enqueued_total", at),
      completed: this.#counter("mcp_tasks_completed_total", at),
      failed: (reason, count) => failed.get(reason)?.(count),
      latency: this.#histogram("mcp_task_latency_seconds", at),
      wait: this.#histogram("mcp_task_wait_seconds", at),
      ackAttempts: (ok, error) => {
        attemptsOk(ok);
        attemptsError(error);
      },
      ackFailures: this.#counter("mcp_ack_failures_total", at),
      orphans: this.#counter("mcp_orphans_claimed_total", at),
      retries: this.#counter("mcp_task_retries_total", at),
      lateFinishes: this.#counter("mcp_late_finishes_total", at),
    };
  }

  invalid(type: string, lane: (typeof LANES)[number]): void {
    const known = this.#layout.types.includes(type) ? type : UNKNOWN_TYPE;
    this.#counter("mcp_tasks_submitted_total", { type: known, lane, cause: "invalid" })(1);
  }

  upstream(name: (typeof UPSTREAMS)[number]): UpstreamCounters {
    const outcomes = new Map(
      UPSTREAM_OUTCOMES.map((outcome) => [
        outcome,
        this.#counter("mcp_upstream_requests_total", { upstream: name, outcome }),
      ]),
    );
    const duration = this.#histogram("mcp_upstream_request_duration_seconds", { upstream: name });
    return {
      request: (outcome, seconds) => {
        outcomes.get(outcome)?.(1);
        duration(seconds);
      },
      circuit: (state) => this.#sink.circuit(name, state),
    };
  }

  http(): HttpCounters {
    const causes = Object.keys(REQUEST_CAUSES) as RequestCause[];
    const counters = new Map(
      REQUEST_ROUTES.flatMap((route) =>
        causes.map((cause) => {
          const labels = { route, cause, outcome: REQUEST_CAUSES[cause] };
          return [`${route} ${cause}`, this.#counter("mcp_http_requests_total", labels)] as const;
        }),
      ),
    );
    const durations = new Map(
      REQUEST_OUTCOMES.map((outcome) => [outcome, this.#histogram("mcp_submission_duration_seconds", { outcome })]),
    );
    return {
      request: (route, cause) => counters.get(`${route} ${cause}`)?.(1),
      submission: (outcome, seconds) => durations.get(outcome)?.(seconds),
    };
  }

  redis(): RedisCounters {
    return { command: this.#histogram("mcp_redis_command_duration_seconds", {}) };
  }

  #counter<M extends CountedMetric>(metric: M, labels: LabelsOf<M>): (count: number) => void {
    const offset = this.#layout.offsetOf(metric, labels);
    const sink = this.#sink;
    return (count) => sink.add(offset, count, 0);
  }

  #histogram<M extends MetricNameOf<"histogram">>(metric: M, labels: LabelsOf<M>): (seconds: number) => void {
    const first = this.#layout.offsetOf(metric, labels);
    const bounds: readonly number[] = METRICS[metric].buckets;
    const sink = this.#sink;
    return (seconds) => {
      // A clock that was set back must not make a sum fall.
      const observed = Math.max(0, seconds);
      let bucket = 0;
      while (bucket < bounds.length && observed > (bounds[bucket] as number)) bucket++;
      sink.add(first + bucket, 1, observed);
    };
  }
}
