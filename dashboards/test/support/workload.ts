import {
  BUILT_IN_TYPES,
  CRASH_REASONS,
  FAILURE_REASONS,
  LANES,
  METRICS,
  type MetricName,
  REJECT_REASONS,
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
  version: ["0.1.0"],
};

/** Every label set that a metric of the contract has. */
export function labelSets(metric: MetricName): Labels[] {
  const labels: readonly string[] = METRICS[metric].labels;
  return labels
    .filter((label) => label !== "queue" && label !== "group")
    .reduce<Labels[]>(
      (sets, label) => sets.flatMap((set) => valuesOf(metric, label).map((value) => ({ ...set, [label]: value }))),
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

function valuesOf(metric: MetricName, label: string): readonly string[] {
  if (label === "reason") {
    if (metric === "mcp_worker_crashes_total") return CRASH_REASONS;
    return metric === "mcp_tasks_rejected_total" ? REJECT_REASONS : FAILURE_REASONS;
  }
  if (label === "outcome") return metric === "mcp_ack_attempts_total" ? ["ok", "error"] : UPSTREAM_OUTCOMES;
  return VALUES[label] ?? [];
}

/** Names of the process metrics that are exposed by the service itself. */
export const EXPOSED_PROCESS_METRICS = Object.keys(PROCESS_METRICS) as (keyof typeof PROCESS_METRICS)[];

/** Smooth noise between -1 and 1, the same on each run. */
export function noise(seed: string, minute: number): number {
  const phase = [...seed].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 997, 7);
  return (Math.sin(minute * 0.9 + phase) + Math.sin(minute * 0.37 + phase * 1.7) + Math.sin(minute * 2.3 + phase)) / 3;
}

/** 0 outside of an incident, up to 1 in its middle. */
export function incident(minute: number, startMinute: number, minutes: number): number {
  const at = (minute - startMinute) / minutes;
  return at <= 0 || at >= 1 ? 0 : Math.min(1, 4 * at, 6 * (1 - at));
}
