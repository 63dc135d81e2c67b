import { call, number } from "../../promql/expression.ts";
import { defineAlert } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

export const watchdog = defineAlert({
  name: "Watchdog",
  severity: "none",
  comparator: "==",
  threshold: { value: 1, unit: "state", fixed: true },
  forMs: 0,
  keepFiringForMs: 0,
  condition: () => call("vector", number(1)),
  summary: () => "Alerting works from end to end",
  description: () =>
    "This alert always fires. The dead man's switch calls you when it no longer receives it: then Prometheus, " +
    "Alertmanager or the connection between them is broken, and no alert is delivered.",
  panel: "alert-states",
  runbook,
  samples,
  fault: "none",
});
