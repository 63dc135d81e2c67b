import { binary, min } from "../../promql/expression.ts";
import { recorded, targetsUp } from "../../promql/series.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const labels = ["instance"];

const signal: Signal = { record: "instance:up:min", labels, expression: min(labels, targetsUp) };

export const orchestratorTargetDown = defineAlert({
  name: "OrchestratorTargetDown",
  severity: "warning",
  signal,
  comparator: "==",
  threshold: { value: 0, unit: "state", fixed: true },
  forMs: minutes(5),
  // Not held: a replica that discovery no longer lists is gone on purpose.
  condition: (limit) => binary(recorded(signal.record), "==", limit),
  summary: () => "Replica {{ $labels.instance }} cannot be scraped",
  description: (facts) =>
    `Prometheus has had no answer from {{ $labels.instance }} for ${facts.for}. The replica is down or ` +
    "unreachable; if it runs, it is not monitored.",
  panel: "targets",
  runbook,
  samples,
  fault: "stop-service",
});
