import { binary, call, sum } from "../../promql/expression.ts";
import { alertsInState, counterOver, recorded } from "../../promql/series.ts";
import { increase } from "../../promql/signals.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const windowMs = minutes(45);
/** A crash this recent shows that it goes on. */
const recentMs = minutes(15);
const labels = ["type"];

const crashes = (rangeMs: number) => sum(labels, increase(counterOver("mcp_worker_crashes_total", rangeMs)));

/** Crashes of the last quarter of an hour, to see the end. */
const recent: Signal = { record: "type:mcp_worker_crashes:increase15m", labels, expression: crashes(recentMs) };

const signal: Signal = {
  record: "type:mcp_worker_crashes:increase45m",
  labels,
  inputs: [recent],
  bridgesGaps: true,
  expression: crashes(windowMs),
};

export const workerCrashesPersist = defineAlert({
  name: "WorkerCrashesPersist",
  severity: "warning",
  signal,
  comparator: ">=",
  threshold: { value: 3, unit: "workers" },
  windowMs,
  forMs: minutes(20),
  // Less than WorkerCrashRateHigh, which inhibits it.
  keepFiringForMs: minutes(1),
  // After WorkerCrashRateHigh the same crashes are still in the window: that notification was sent.
  condition: (limit) =>
    binary(
      binary(
        binary(recorded(signal.record), ">=", limit),
        "and",
        binary(recorded(recent.record), ">", { kind: "number", value: 0 }),
      ),
      "unless",
      call("max_over_time", alertsInState("WorkerCrashRateHigh", "firing", windowMs)),
      [],
    ),
  summary: (facts) => `Workers of type {{ $labels.type }} keep crashing: ${facts.threshold} or more in ${facts.window}`,
  description: (facts) =>
    `${facts.value} of type {{ $labels.type }} died in the last ${facts.window}, and this has gone on for ${facts.for}: ` +
    "a crash loop of one type, or a slow memory leak.",
  panel: "worker-crashes",
  runbook,
  samples,
  fault: "kill-workers-of-a-type",
});
