import { minutes } from "../../timing.ts";
import { defineAlert, KEEP_INHIBITOR_FIRING_FOR_MS } from "../alert.ts";
import { EXPRESS_LATENCY_WINDOW_MS, expressLatency } from "../expressLatency.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

export const expressLatencyCritical = defineAlert({
  name: "ExpressLatencyCritical",
  severity: "critical",
  signal: expressLatency,
  comparator: ">",
  threshold: { value: 0.5, unit: "seconds", bucketOf: "mcp_task_latency_seconds" },
  windowMs: EXPRESS_LATENCY_WINDOW_MS,
  forMs: minutes(5),
  keepFiringForMs: KEEP_INHIBITOR_FIRING_FOR_MS,
  summary: (facts) => `Express {{ $labels.type }} tasks take longer than ${facts.threshold} (p95)`,
  description: (facts) =>
    `The 95th percentile of express {{ $labels.type }} tasks over the last ${facts.window} is ${facts.value}, ` +
    `above ${facts.threshold} for ${facts.for}. If hardly any finished in that time, this is the age of the ` +
    "oldest one.",
  panel: "express-latency",
  runbook,
  samples,
  fault: "very-slow-upstream",
});
