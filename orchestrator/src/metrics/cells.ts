import {
  CIRCUIT_STATES,
  FAILURE_REASONS,
  type LANES,
  METRICS,
  type MetricNameOf,
  type REJECT_REASONS,
  REQUEST_CAUSES,
  REQUEST_OUTCOMES,
  REQUEST_ROUTES,
  type RequestCause,
  UPSTREAM_OUTCOMES,
  UPSTREAMS,
} from "./contract.ts";
import { type CellMetric, type LabelsOf, type Layout, UNKNOWN_TYPE } from "./layout.ts";
import type { HttpCells, LaneCells, Telemetry, UpstreamCells } from "./telemetry.ts";

/** Increments since the last drain, sparse: cell, increment, cell, increment, ... */
export type Deltas = readonly number[];

/** Telemetry that adds to plain numbers. In the main process they are the totals; in a worker they are what it has not yet reported. */
export class Cells implements Telemetry {
  readonly #layout: Layout;
  readonly #values: Float64Array;
  readonly #circuits = UPSTREAMS.map(() => 0);
  #drained = true;
  #onFirst: () => void = () => undefined;

  /** @param values one number per cell of the layout */
  constructor(layout: Layout, values: Float64Array = new Float64Array(layout.size)) {
    this.#layout = layout;
    this.#values = values;
  }

  lane(type: string, lane: (typeof LANES)[number]): LaneCells {
    const at = { type, lane };
    const failed = new Map(
      FAILURE_REASONS.map((reason) => [reason, this.#counter("mcp_tasks_failed_total", { ...at, reason })]),
    );
    const attemptsOk = this.#counter("mcp_ack_attempts_total", { ...at, outcome: "ok" });
    const attemptsError = this.#counter("mcp_ack_attempts_total", { ...at, outcome: "error" });
    return {
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

  rejected(type: string, reason: (typeof REJECT_REASONS)[number], count: number): void {
    const known = this.#layout.types.includes(type) ? type : UNKNOWN_TYPE;
    this.#counter("mcp_tasks_rejected_total", { type: known, reason })(count);
  }

  upstream(name: (typeof UPSTREAMS)[number]): UpstreamCells {
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
      circuit: (state) => {
        this.#circuits[UPSTREAMS.indexOf(name)] = CIRCUIT_STATES.indexOf(state);
        this.#note();
      },
    };
  }

  http(): HttpCells {
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

  /** State of each upstream's breaker, as its index in CIRCUIT_STATES, in the order of UPSTREAMS. */
  circuits(): readonly number[] {
    return [...this.#circuits];
  }

  /** Calls back with the first change after each drain, so that the reporter need not poll. */
  onFirstChange(listener: () => void): void {
    this.#onFirst = listener;
    if (!this.#drained) listener();
  }

  /** Takes what was added since the last call. What it returns is no longer here: hand it over or lose it. */
  drain(): Deltas {
    this.#drained = true;
    const deltas: number[] = [];
    const values = this.#values;
    for (let cell = 0; cell < values.length; cell++) {
      const value = values[cell] as number;
      if (value === 0) continue;
      deltas.push(cell, value);
      values[cell] = 0;
    }
    return deltas;
  }

  #note(): void {
    if (!this.#drained) return;
    this.#drained = false;
    this.#onFirst();
  }

  #counter<M extends CellMetric>(metric: M, labels: LabelsOf<M>): (count: number) => void {
    const cell = this.#layout.offsetOf(metric, labels);
    const values = this.#values;
    return (count) => {
      values[cell] = (values[cell] as number) + count;
      this.#note();
    };
  }

  #histogram<M extends MetricNameOf<"histogram">>(metric: M, labels: LabelsOf<M>): (seconds: number) => void {
    const first = this.#layout.offsetOf(metric, labels);
    const bounds: readonly number[] = METRICS[metric].buckets;
    const values = this.#values;
    const sum = first + bounds.length + 1;
    return (seconds) => {
      // A clock that was set back must not make a sum fall.
      const observed = Math.max(0, seconds);
      let bucket = 0;
      while (bucket < bounds.length && observed > (bounds[bucket] as number)) bucket++;
      values[first + bucket] = (values[first + bucket] as number) + 1;
      values[sum] = (values[sum] as number) + observed;
      this.#note();
    };
  }
}
