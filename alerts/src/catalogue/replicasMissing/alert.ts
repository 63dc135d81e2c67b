import { sum } from "../../promql/expression.ts";
import { targetsUp } from "../../promql/series.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

/** Replicas that answer. One that discovery no longer lists is not among them. */
const signal: Signal = { record: "service:up:sum", labels: [], expression: sum([], targetsUp) };

export const replicasMissing = defineAlert({
  name: "ReplicasMissing",
  severity: "warning",
  signal,
  comparator: "<",
  threshold: { value: 2, unit: "replicas", setting: "expectedReplicas" },
  forMs: minutes(5),
  // Less than OrchestratorTargetDown, which inhibits it.
  keepFiringForMs: minutes(1),
  summary: (facts) => `Fewer replicas of the service answer than expected (${facts.limit})`,
  description: (facts) =>
    `{{ $value }} of ${facts.limit} expected replicas have answered Prometheus for ${facts.for}. The others are down, or ` +
    "service discovery no longer lists them.",
  panel: "replicas",
  runbook,
  samples,
  fault: "hide-a-replica",
});
