import { GROUPS } from "@mcp-orchestrator/alerts";
import {
  BUILT_IN_TYPES,
  CRASH_REASONS,
  FAILURE_REASONS,
  LANES,
  METRICS,
  type MetricName,
  OPERATOR_OVERRIDES,
  REQUEST_CAUSES,
  REQUEST_ROUTES,
  UPSTREAM_OUTCOMES,
  UPSTREAMS,
} from "mcp-orchestrator/contract";
import { PROCESS_METRICS } from "../../src/query/process.ts";

/** Labels of one series. */
export type Labels = Readonly<Record<string, string>>;

const VALUES: Readonly<Record<string, readonly string[]>> = {
  type: BUILT_IN_TYPES,
  lane: LANES,
  upstream: UPSTREAMS,
  kind: ["rdb", "aof"],
  route: REQUEST_ROUTES,
  cause: Object.keys(REQUEST_CAUSES),
  override: OPERATOR_OVERRIDES,
  instance: ["orchestrator-1:8000"],
  version: ["0.1.0"],
  // Of Prometheus and Alertmanager.
  rule_group: GROUPS.map(({ name }) => `/etc/prometheus/mcp-orchestrator.rules.yml;${name}`),
  alertmanager: ["http://alertmanager:9093/api/v2/alerts"],
  integration: ["slack", "pagerduty", "webhook"],
  state: ["active", "suppressed", "unprocessed"],
  job: ["prometheus", "alertmanager"],
};

/** Every label set that a metric of the contract has. */
export function labelSets(metric: MetricName): Labels[] {
  return combinations(METRICS[metric].labels, metric);
}

/** Every combination of the values of some labels. */
export function combinations(labels: readonly string[], metric?: MetricName): Labels[] {
  return labels
    .filter((label) => label !== "queue" && label !== "group")
    .reduce<Labels[]>(
      (sets, label) => sets.flatMap((set) => valuesOf(label, metric).map((value) => ({ ...set, [label]: value }))),
      [{}],
    )
    .map((set) => ({
      ...set,
      ...(labels.includes("queue")
        ? { queue: `mcp:queue:${set.type}${set.lane === "express" ? ":express" : ""}` }
        : {}),
      ...(labels.includes("group") ? { group: `mcp_${set.lane}_${set.type}` } : {}),
    }));
}

function valuesOf(label: string, metric?: MetricName): readonly string[] {
  if (label === "reason") return metric === "mcp_worker_crashes_total" ? CRASH_REASONS : FAILURE_REASONS;
  if (label === "outcome") return metric === "mcp_ack_attempts_total" ? ["ok", "error"] : UPSTREAM_OUTCOMES;
  return VALUES[label] ?? [];
}

/** Names of the service's process metrics. */
export const EXPOSED_PROCESS_METRICS = Object.keys(PROCESS_METRICS) as (keyof typeof PROCESS_METRICS)[];

/** Smooth noise between -1 and 1, the same in each run. */
export function noise(seed: string, minute: number): number {
  const phase = [...seed].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 997, 7);
  return (Math.sin(minute * 0.9 + phase) + Math.sin(minute * 0.37 + phase * 1.7) + Math.sin(minute * 2.3 + phase)) / 3;
}

/** 0 outside an incident, up to 1 in its middle. */
export function incident(minute: number, startMinute: number, minutes: number): number {
  const at = (minute - startMinute) / minutes;
  return at <= 0 || at >= 1 ? 0 : Math.min(1, 4 * at, 6 * (1 - at));
}
