import { binary, call, type Expression, firstOf, min, number } from "../../promql/expression.ts";
import { recorded, targetsUp } from "../../promql/series.ts";
import { formatDuration, minutes } from "../../timing.ts";
import { defineAlert, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const labels = ["instance"];

const signal: Signal = { record: "instance:up:min", labels, expression: min(labels, targetsUp) };

const windowMs = minutes(30);
const lately = (operation: string): Expression => call(operation, recorded(signal.record, windowMs));

/** A crash loop: it answers for seconds between its restarts, so that no outage is as long as the `for`. */
const restartsAgainAndAgain = binary(
  binary(recorded(signal.record), "and", binary(lately("avg_over_time"), "<", number(0.25))),
  "and",
  // Two restarts.
  binary(lately("changes"), ">=", number(4)),
);

export const orchestratorTargetDown = defineAlert({
  name: "OrchestratorTargetDown",
  severity: "warning",
  signal,
  comparator: "==",
  threshold: { value: 0, unit: "state", fixed: true },
  forMs: minutes(5),
  // Not held: a replica that discovery no longer lists is gone on purpose.
  condition: (limit) => firstOf(binary(recorded(signal.record), "==", limit), restartsAgainAndAgain),
  summary: () => "Replica {{ $labels.instance }} cannot be scraped",
  description: (facts) =>
    `Prometheus has had no answer from {{ $labels.instance }} for ${facts.for}, or hardly any in the last ${formatDuration(windowMs)}. ` +
    "The replica is down, unreachable or in a crash loop; if it runs, it is not monitored.",
  panel: "targets",
  runbook,
  samples,
  fault: "stop-service",
});
