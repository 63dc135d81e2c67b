import { binary, call, firstOf, max, number, sum } from "../../promql/expression.ts";
import { recorded, series, targetsUp } from "../../promql/series.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, KEEP_INHIBITOR_FIRING_FOR_MS, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

/** Each replica reports its own workers: they add up. */
const signal: Signal = {
  record: "service:mcp_active_workers:sum",
  labels: [],
  expression: sum([], series("mcp_active_workers")),
};

const workers = recorded(signal.record);

export const noActiveWorkers = defineAlert({
  name: "NoActiveWorkers",
  severity: "critical",
  page: true,
  signal,
  comparator: "==",
  threshold: { value: 0, unit: "workers", fixed: true },
  forMs: minutes(2),
  keepFiringForMs: KEEP_INHIBITOR_FIRING_FOR_MS,
  // A stopped service reports no zero: its metric is gone, and `== 0` alone would resolve in the worst moment. All
  // branches have the same labels, so that the alert stays one alert when one takes over from another. The last one
  // also sees a stopped service whose old samples are still looked back to after a restart of Prometheus.
  condition: (limit) =>
    firstOf(binary(workers, "==", limit), call("absent", workers), binary(max([], targetsUp), "==", number(0))),
  summary: () => "No worker is consuming: the service is down",
  description: (facts) =>
    `For ${facts.for} no worker has consumed a task, or the service has not answered Prometheus at all. Nothing is ` +
    "processed; submissions wait in Redis, if they are accepted.",
  panel: "active-workers",
  runbook,
  samples,
  fault: "stop-service",
});
