import { binary, call, firstOf, number } from "../../promql/expression.ts";
import { alertsInState, recorded } from "../../promql/series.ts";
import { minutes, PRODUCTION } from "../../timing.ts";
import { defineAlert, type Signal } from "../alert.ts";
import { activeWorkers } from "../noActiveWorkers/alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const windowMs = minutes(30);
const workers = recorded(activeWorkers.record);
/** Counted and not averaged: before the service existed there are no samples, and a mean of a few says nothing. */
const evaluations = windowMs / PRODUCTION.prometheus.evaluationIntervalMs;

/** 1 at each evaluation at which no worker consumes or the service does not answer, 0 at the others. */
const unavailable: Signal = {
  record: "service:mcp_unavailable:bool",
  labels: [],
  expression: firstOf(binary(number(1), "-", call("clamp_max", workers, number(1))), call("absent", workers)),
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
  threshold: { value: 0.1, unit: "ratio" },
  windowMs,
  forMs: minutes(5),
  // An outage that NoActiveWorkers has reported is still in the window when it is over.
  condition: (limit) =>
    binary(
      binary(recorded(signal.record), ">", limit),
      "unless",
      call("max_over_time", alertsInState("NoActiveWorkers", "firing", windowMs)),
      [],
    ),
  summary: (facts) =>
    `The service comes and goes: it was down for more than ${facts.threshold} of the last ${facts.window}`,
  description: (facts) =>
    `In ${facts.value} of the last ${facts.window} no worker was consuming or the service did not answer. Each outage was ` +
    "too short for NoActiveWorkers.",
  panel: "active-workers",
  runbook,
  samples,
  fault: "flap-service",
});
