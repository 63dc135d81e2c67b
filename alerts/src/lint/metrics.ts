import {
  ACK_OUTCOMES,
  BUILT_IN_TYPES,
  CRASH_REASONS,
  DISCARD_REASONS,
  FAILURE_REASONS,
  LANES,
  METRICS,
  type MetricName,
  type MetricSpec,
  OPERATOR_OVERRIDES,
  PERSISTENCE_KINDS,
  REQUEST_CAUSES,
  REQUEST_OUTCOMES,
  REQUEST_ROUTES,
  UPSTREAM_OUTCOMES,
  UPSTREAMS,
} from "mcp-orchestrator/contract";
import { ALERTING_METRICS, isAlertingMetric } from "../promql/alertingMetrics.ts";

/** The smallest and the largest value of a series. */
export type Bounds = { readonly low: number; readonly high: number };

/** What is known of the series of a scraped metric. */
export type MetricFacts = {
  readonly counter: boolean;
  readonly labels: readonly string[];
  readonly optionalLabels: readonly string[];
  readonly bounds: Bounds;
  /** Finite upper bounds of the buckets, of a histogram. */
  readonly buckets?: readonly number[];
};

export const UNBOUNDED: Bounds = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
export const NOT_NEGATIVE: Bounds = { low: 0, high: Number.POSITIVE_INFINITY };
export const YES_OR_NO: Bounds = { low: 0, high: 1 };

/** Gauges that do not range from 0 to anything. */
const BOUNDS: Partial<Record<MetricName, Bounds>> = {
  mcp_tasks_unaccounted: UNBOUNDED,
  mcp_ack_success_rate: YES_OR_NO,
  mcp_operator_override: YES_OR_NO,
  mcp_rate_limit_enabled: YES_OR_NO,
  mcp_redis_up: YES_OR_NO,
  mcp_redis_state_known: YES_OR_NO,
  mcp_redis_persistence_ok: YES_OR_NO,
  mcp_redis_replication_ok: YES_OR_NO,
  mcp_circuit_state: { low: 0, high: 2 },
  mcp_build_info: { low: 1, high: 1 },
  mcp_redis_server_info: { low: 1, high: 1 },
};

/** The values of a label, where the contract lists them. */
export const LABEL_VALUES: Readonly<Record<string, readonly string[]>> = {
  type: BUILT_IN_TYPES,
  lane: LANES,
  reason: [...FAILURE_REASONS, ...CRASH_REASONS, ...DISCARD_REASONS],
  outcome: [...ACK_OUTCOMES, ...REQUEST_OUTCOMES, ...UPSTREAM_OUTCOMES],
  route: REQUEST_ROUTES,
  cause: Object.keys(REQUEST_CAUSES),
  override: OPERATOR_OVERRIDES,
  kind: PERSISTENCE_KINDS,
  upstream: UPSTREAMS,
  alertstate: ["pending", "firing"],
};

/** What the contract says of a scraped series; undefined for an unknown one. */
export function metricFacts(name: string): MetricFacts | undefined {
  if (name === "up") return { counter: false, labels: [], optionalLabels: [], bounds: YES_OR_NO };
  if (isAlertingMetric(name)) {
    const { type, labels } = ALERTING_METRICS[name];
    const bounds = name.endsWith("_successful") ? YES_OR_NO : NOT_NEGATIVE;
    return { counter: type === "counter", labels, optionalLabels: [], bounds };
  }
  const [, base = name, part] = /^(.*)_(bucket|count|sum)$/.exec(name) ?? [];
  const ofHistogram = specOf(base);
  if (part !== undefined && ofHistogram?.type === "histogram") {
    const labels = part === "bucket" ? [...ofHistogram.labels, "le"] : ofHistogram.labels;
    const { buckets = [] } = ofHistogram;
    return { counter: true, labels, optionalLabels: [], bounds: NOT_NEGATIVE, buckets };
  }
  const spec = specOf(name);
  if (spec === undefined || spec.type === "histogram") return undefined;
  return {
    counter: spec.type === "counter",
    labels: spec.labels,
    optionalLabels: spec.optionalLabels ?? [],
    bounds: BOUNDS[name as MetricName] ?? NOT_NEGATIVE,
  };
}

function specOf(name: string): MetricSpec | undefined {
  return (METRICS as Readonly<Record<string, MetricSpec>>)[name];
}
