import { thresholdOf } from "../model/catalogue.ts";
import { levelsAbove, plain } from "../model/levels.ts";
import type { PanelSpec } from "../model/panel.ts";
import { gauge, rate } from "../query/metrics.ts";
import { aggregate, subtract } from "../query/vector.ts";

/** What tells queues apart; the name, and what it is made of for short legends. */
const QUEUE = ["queue", "type", "lane"] as const;

// Every replica reports the same queues, so that a sum would count them once for each.
const depth = aggregate("max", gauge("mcp_queue_depth"), QUEUE);
const lag = aggregate("max", gauge("mcp_consumer_group_lag"), QUEUE);
const pending = aggregate("max", gauge("mcp_consumer_group_pending"), QUEUE);
const oldest = aggregate("max", gauge("mcp_oldest_task_age_seconds"), QUEUE);

/** What waits, and for how long. */
export const queues = {
  deepestNow: {
    key: "deepest-queue-now",
    kind: "stat",
    title: "Deepest queue",
    meaning: "Entries in the longest stream.",
    good: "Near 0, and in any case under the alert's threshold.",
    runbooks: ["QueueDepthSpike"],
    unit: "short",
    min: 0,
    decimals: 0,
    series: [{ query: aggregate("max", gauge("mcp_queue_depth")), legend: "entries" }],
    levels: levelsAbove("HighConsumerLag", "QueueDepthSpike"),
  },
  depth: {
    key: "queue-depth",
    kind: "timeseries",
    title: "Queue depth",
    meaning: "Entries in each stream; the line is the threshold of QueueDepthSpike.",
    good: "Near 0. A burst that drains again is fine.",
    runbooks: ["QueueDepthSpike"],
    unit: "short",
    min: 0,
    thresholds: [thresholdOf("QueueDepthSpike")],
    series: [{ query: depth, legend: "{{type}} {{lane}}" }],
  },
  lag: {
    key: "consumer-lag",
    kind: "timeseries",
    title: "Consumer lag",
    meaning:
      "Messages that each group still has to finish, delivered ones included; the line is the alert's threshold.",
    good: "Below the line, and falling after a burst.",
    runbooks: ["HighConsumerLag"],
    unit: "short",
    min: 0,
    thresholds: [thresholdOf("HighConsumerLag")],
    series: [{ query: lag, legend: "{{type}} {{lane}}" }],
  },
  pending: {
    key: "pending",
    kind: "timeseries",
    title: "Delivered, not acknowledged",
    meaning: "Messages that a worker has read and not acknowledged, by queue.",
    good: "At most the workers' concurrency. A flat line without completions means that work is stuck.",
    runbooks: ["HighACKFailureRate", "HighConsumerLag"],
    unit: "short",
    min: 0,
    series: [{ query: pending, legend: "{{type}} {{lane}}" }],
  },
  undelivered: {
    key: "undelivered",
    kind: "timeseries",
    title: "Not yet delivered",
    meaning: "Messages that no worker has taken yet, by queue.",
    good: "Near 0: workers read messages as they arrive.",
    runbooks: ["HighConsumerLag"],
    unit: "short",
    min: 0,
    series: [{ query: subtract(lag, pending), legend: "{{type}} {{lane}}" }],
  },
  oldest: {
    key: "oldest-task-age",
    kind: "timeseries",
    title: "Age of the oldest task",
    meaning: "Age of the oldest unfinished entry of each queue; 0 when the queue is empty.",
    good: "About the time that one task takes. A straight climb is a task that does not finish.",
    runbooks: ["HighConsumerLag", "HighACKFailureRate"],
    unit: "s",
    min: 0,
    series: [{ query: oldest, legend: "{{type}} {{lane}}" }],
  },
  netFlow: {
    key: "backlog-growth",
    kind: "timeseries",
    title: "Growth of the backlog",
    meaning: "Tasks accepted minus tasks completed, per second, by type and lane.",
    good: "Around 0. If it stays above 0, there are too few workers, or they are too slow.",
    runbooks: ["HighConsumerLag", "QueueDepthSpike"],
    unit: "ops",
    series: [
      {
        query: subtract(
          aggregate("sum", rate("mcp_tasks_enqueued_total"), ["type", "lane"]),
          aggregate("sum", rate("mcp_tasks_completed_total"), ["type", "lane"]),
        ),
        legend: "{{type}} {{lane}}",
      },
    ],
  },
  unaccounted: {
    key: "unaccounted",
    kind: "timeseries",
    title: "Tasks unaccounted for",
    meaning:
      "Accepted tasks minus those that are finished, waiting or written off. Above 0: lost. Below 0: counted twice.",
    good: "A flat 0.",
    runbooks: ["TasksUnaccounted"],
    unit: "short",
    thresholds: [thresholdOf("TasksUnaccounted")],
    series: [
      { query: aggregate("max", gauge("mcp_tasks_unaccounted"), ["type", "lane"]), legend: "{{type}} {{lane}}" },
    ],
  },
  table: {
    key: "queue-table",
    kind: "table",
    title: "Queues now",
    meaning: "Every queue with its depth, lag and age.",
    good: "Depth and lag near 0; the oldest entry about as old as one task takes.",
    runbooks: ["QueueDepthSpike", "HighConsumerLag"],
    unit: "short",
    rows: [
      { label: "queue", title: "Queue" },
      { label: "type", title: "Type" },
      { label: "lane", title: "Lane" },
    ],
    columns: [
      { title: "Depth", query: depth, unit: "short", levels: levelsAbove("QueueDepthSpike") },
      { title: "Lag", query: lag, unit: "short", levels: levelsAbove("HighConsumerLag") },
      { title: "Pending", query: pending, unit: "short", levels: plain() },
      { title: "Oldest", query: oldest, unit: "s", levels: plain() },
    ],
  },
} satisfies Record<string, PanelSpec>;
