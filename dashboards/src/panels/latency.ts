import { thresholdOf } from "../model/catalogue.ts";
import { levelsAbove } from "../model/levels.ts";
import type { PanelSpec } from "../model/panel.ts";
import { buckets, whileKnown } from "../query/metrics.ts";
import { signalOf } from "../query/signals.ts";
import { aggregate, NOTHING, or, quantile } from "../query/vector.ts";

const express = aggregate("sum", buckets("mcp_task_latency_seconds", { lane: "express" }), ["le"]);
const regular = aggregate("sum", buckets("mcp_task_latency_seconds", { lane: "regular" }), ["le"]);
const expressByType = aggregate("sum", buckets("mcp_task_latency_seconds", { lane: "express" }), ["type", "le"]);
const expressWaitByType = aggregate("sum", buckets("mcp_task_wait_seconds", { lane: "express" }), ["type", "le"]);
const regularByType = aggregate("sum", buckets("mcp_task_latency_seconds", { lane: "regular" }), ["type", "le"]);

const worstExpress = aggregate("max", signalOf("ExpressLatencyHigh"));

/** How long tasks take from their entry in a stream to their result. */
export const latency = {
  expressNow: {
    key: "express-p95-now",
    kind: "stat",
    title: "Express p95",
    meaning:
      "95 of 100 express tasks of the slowest type finished within this time; where hardly any finished, the age of the oldest one. What the two latency alerts watch.",
    good: "Under the warning threshold.",
    runbooks: ["ExpressLatencyHigh", "ExpressLatencyCritical"],
    unit: "s",
    min: 0,
    now: or(whileKnown(worstExpress), NOTHING),
    course: worstExpress,
    levels: levelsAbove("ExpressLatencyHigh", "ExpressLatencyCritical"),
    // No task finished within the window, and none waits.
    words: { 0: { text: "too few", color: "text" } },
  },
  express: {
    key: "express-latency",
    kind: "timeseries",
    title: "Express p95 by type",
    meaning:
      "What the two latency alerts watch: p95 of express tasks, or the age of the oldest one where hardly any finished. The lines are their thresholds. Thin: p95 over a minute, or a step of a wide range.",
    good: "All types under the lower line. One type alone over it points at its upstream.",
    runbooks: ["ExpressLatencyHigh", "ExpressLatencyCritical"],
    unit: "s",
    min: 0,
    thresholds: [thresholdOf("ExpressLatencyHigh"), thresholdOf("ExpressLatencyCritical")],
    series: [
      { query: signalOf("ExpressLatencyHigh"), legend: "{{type}}" },
      { query: quantile(0.95, expressByType), legend: "{{type}}, short window", thin: true },
    ],
  },
  expressWait: {
    key: "express-wait",
    kind: "timeseries",
    title: "Express wait of clients (p95)",
    meaning:
      "p95 from the receipt of a request to the result, by type; where few finish, over a quarter of an hour. The line is the alert's threshold. Thin: over a minute, or a step of a wide range.",
    good: "A little above the latency. Far above it, time is lost before the queue: Redis, or the main process.",
    runbooks: ["ExpressWaitHigh"],
    unit: "s",
    min: 0,
    thresholds: [thresholdOf("ExpressWaitHigh")],
    series: [
      { query: signalOf("ExpressWaitHigh"), legend: "{{type}}" },
      { query: quantile(0.95, expressWaitByType), legend: "{{type}}, short window", thin: true },
    ],
  },
  expressQuantiles: {
    key: "express-quantiles",
    kind: "timeseries",
    title: "Express latency",
    meaning: "Median, p95 and p99 of all express tasks that finished.",
    good: "Close together. A p99 far above the median is a slow path, or one slow type.",
    runbooks: ["ExpressLatencyHigh", "ExpressLatencyCritical"],
    unit: "s",
    min: 0,
    series: [
      { query: quantile(0.5, express), legend: "p50" },
      { query: quantile(0.95, express), legend: "p95" },
      { query: quantile(0.99, express), legend: "p99" },
    ],
    colors: { p50: "green", p95: "blue", p99: "purple" },
  },
  expressHeatmap: {
    key: "express-latency-heatmap",
    kind: "heatmap",
    title: "Express latency, distribution",
    meaning: "Express tasks finished per second, by how long they took.",
    good: "One narrow band. A second band is a slow path that a percentile hides.",
    runbooks: ["ExpressLatencyHigh"],
    unit: "s",
    buckets: express,
  },
  regular: {
    key: "regular-latency",
    kind: "timeseries",
    title: "Regular p95 by type",
    meaning: "95 of 100 regular tasks finished within this time, by type; waiting in the queue included.",
    good: "Steady. It grows with the backlog by design, because the express lane goes first.",
    runbooks: ["HighConsumerLag"],
    unit: "s",
    min: 0,
    series: [{ query: quantile(0.95, regularByType), legend: "{{type}}" }],
  },
  regularHeatmap: {
    key: "regular-latency-heatmap",
    kind: "heatmap",
    title: "Regular latency, distribution",
    meaning: "Regular tasks finished per second, by how long they took; waiting in the queue included.",
    good: "One band that does not climb.",
    runbooks: ["HighConsumerLag"],
    unit: "s",
    buckets: regular,
  },
} satisfies Record<string, PanelSpec>;
