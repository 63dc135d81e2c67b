import { thresholdOf } from "../model/catalogue.ts";
import { levelsAbove } from "../model/levels.ts";
import type { PanelSpec } from "../model/panel.ts";
import { buckets } from "../query/metrics.ts";
import { aggregate, quantile } from "../query/vector.ts";

const express = aggregate("sum", buckets("mcp_task_latency_seconds", { lane: "express" }), ["le"]);
const regular = aggregate("sum", buckets("mcp_task_latency_seconds", { lane: "regular" }), ["le"]);
const expressByType = aggregate("sum", buckets("mcp_task_latency_seconds", { lane: "express" }), ["type", "le"]);
const regularByType = aggregate("sum", buckets("mcp_task_latency_seconds", { lane: "regular" }), ["type", "le"]);

const EXPRESS_THRESHOLDS = [thresholdOf("ExpressLatencyHigh"), thresholdOf("ExpressLatencyCritical")];

/** How long tasks take from their entry in a stream to their result. */
export const latency = {
  expressNow: {
    key: "express-p95-now",
    kind: "stat",
    title: "Express p95",
    meaning: "95 of 100 express tasks finished within this time.",
    good: "Under the warning threshold. No value means that no express task finished.",
    runbooks: ["ExpressLatencyHigh", "ExpressLatencyCritical"],
    unit: "s",
    min: 0,
    series: [{ query: quantile(0.95, express), legend: "p95" }],
    levels: levelsAbove("ExpressLatencyHigh", "ExpressLatencyCritical"),
  },
  express: {
    key: "express-latency",
    kind: "timeseries",
    title: "Express latency",
    meaning: "Median, p95 and p99 of express tasks; the lines are the thresholds of the two alerts on p95.",
    good: "p95 under the lower line. p99 may touch it.",
    runbooks: ["ExpressLatencyHigh", "ExpressLatencyCritical"],
    unit: "s",
    min: 0,
    thresholds: EXPRESS_THRESHOLDS,
    series: [
      { query: quantile(0.5, express), legend: "p50" },
      { query: quantile(0.95, express), legend: "p95" },
      { query: quantile(0.99, express), legend: "p99" },
    ],
    colors: { p50: "green", p95: "blue", p99: "purple" },
  },
  expressByType: {
    key: "express-p95-by-type",
    kind: "timeseries",
    title: "Express p95 by type",
    meaning: "The signal of the two latency alerts: p95 of express tasks, by type.",
    good: "All types under the lower line. One type alone over it points at its upstream.",
    runbooks: ["ExpressLatencyHigh", "ExpressLatencyCritical"],
    unit: "s",
    min: 0,
    thresholds: EXPRESS_THRESHOLDS,
    series: [{ query: quantile(0.95, expressByType), legend: "{{type}}" }],
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
