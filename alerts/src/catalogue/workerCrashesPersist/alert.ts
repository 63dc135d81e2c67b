import { binary, sum } from "../../promql/expression.ts";
import { counterOver, firedWithin, recorded } from "../../promql/series.ts";
import { increase } from "../../promql/signals.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const windowMs = minutes(15);
const labels = ["type"];

const signal: Signal = {
  record: "type:mcp_worker_crashes:increase15m",
  labels,
  bridgesGaps: true,
  expression: sum(labels, increase(counterOver("mcp_worker_crashes_total", windowMs))),
};

export const workerCrashesPersist = defineAlert({
  name: "WorkerCrashesPersist",
  severity: "warning",
  signal,
  comparator: ">=",
  threshold: { value: 1, unit: "workers", fixed: true },
  windowMs,
  // Twice the window: crashes of a single moment have left it by then.
  forMs: minutes(30),
  // Less than WorkerCrashRateHigh, which inhibits it.
  keepFiringForMs: minutes(1),
  // Crashes that WorkerCrashRateHigh has reported are still in the window when they are over.
  condition: (limit) =>
    binary(binary(recorded(signal.record), ">=", limit), "unless", firedWithin("WorkerCrashRateHigh", windowMs), []),
  summary: (facts) =>
    `Workers of type {{ $labels.type }} keep crashing: at least one in ${facts.window}, for ${facts.for}`,
  description: (facts) =>
    `${facts.value} of type {{ $labels.type }} died in the last ${facts.window}, and for ${facts.for} at least one in every ` +
    `${facts.window}: a crash loop of one type, or a slow memory leak.`,
  panel: "worker-crashes-by-type",
  runbook,
  samples,
  fault: "kill-workers-of-a-type",
});
