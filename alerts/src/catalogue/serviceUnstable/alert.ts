import { binary, call, number } from "../../promql/expression.ts";
import { firedWithin, recorded } from "../../promql/series.ts";
import { minutes, PRODUCTION } from "../../timing.ts";
import { defineAlert, type Signal } from "../alert.ts";
import { activeWorkers } from "../noActiveWorkers/alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const windowMs = minutes(30);
/** Counted and not averaged: there is only a sample where the service is not available. */
const evaluations = windowMs / PRODUCTION.prometheus.evaluationIntervalMs;

/** There at each evaluation at which no worker consumes or the service does not answer. */
const unavailable: Signal = {
  record: "service:mcp_active_workers:absent",
  labels: [],
  expression: call("absent", binary(recorded(activeWorkers.record), ">", number(0))),
};

const signal: Signal = {
  record: "service:mcp_unavailable:ratio30m",
  labels: [],
  inputs: [activeWorkers, unavailable],
  bridgesGaps: true,
  expression: binary(call("sum_over_time", recorded(unavailable.record, windowMs)), "/", number(evaluations)),
};

export const serviceUnstable = defineAlert({
  name: "ServiceUnstable",
  severity: "critical",
  signal,
  comparator: ">",
  // Six minutes: more than a restart in every deploy, one every three minutes.
  threshold: { value: 0.2, unit: "ratio" },
  windowMs,
  forMs: minutes(5),
  // An outage that NoActiveWorkers has reported is still in the window when it is over.
  condition: (limit) =>
    binary(binary(recorded(signal.record), ">", limit), "unless", firedWithin("NoActiveWorkers", windowMs), []),
  summary: (facts) =>
    `The service is unstable: it was down for more than ${facts.threshold} of the last ${facts.window}`,
  description: (facts) =>
    `In ${facts.value} of the last ${facts.window} no worker was consuming or the service did not answer. Each outage was ` +
    "too short for NoActiveWorkers.",
  panel: "unavailability",
  runbook,
  samples,
  fault: "flap-service",
});
