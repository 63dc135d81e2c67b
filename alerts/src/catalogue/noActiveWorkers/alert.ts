import { binary, call, firstOf, max, number, sum } from "../../promql/expression.ts";
import { recorded, series, targetsUp } from "../../promql/series.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, KEEP_INHIBITOR_FIRING_FOR_MS, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

/** Each replica reports its own workers, so they are added up. */
export const activeWorkers: Signal = {
  record: "service:mcp_active_workers:sum",
  labels: [],
  expression: sum([], series("mcp_active_workers")),
};

const workers = recorded(activeWorkers.record);

export const noActiveWorkers = defineAlert({
  name: "NoActiveWorkers",
  severity: "critical",
  page: true,
  signal: activeWorkers,
  comparator: "==",
  threshold: { value: 0, unit: "workers", fixed: true },
  forMs: minutes(2),
  keepFiringForMs: KEEP_INHIBITOR_FIRING_FOR_MS,
  // A stopped service reports no zero: its metric is gone, and `== 0` alone would resolve during the outage. All
  // branches have the same labels, so the alert stays the same one when another branch is true. The last branch also
  // sees a stopped service whose old samples Prometheus still finds after a restart.
  condition: (limit) =>
    firstOf(binary(workers, "==", limit), call("absent", workers), binary(max([], targetsUp), "==", number(0))),
  summary: () => "No worker is consuming: the service is down",
  description: (facts) =>
    `For ${facts.for} no worker has consumed a task, or the service has not answered Prometheus. No task is ` +
    "processed; accepted tasks wait in Redis.",
  panel: "active-workers",
  runbook,
  samples,
  fault: "stop-service",
});
