import { thresholdOf } from "../model/catalogue.ts";
import { levelsAbove, plain } from "../model/levels.ts";
import type { PanelSpec } from "../model/panel.ts";
import { gauge, rate, whileKnown } from "../query/metrics.ts";
import { signalOf } from "../query/signals.ts";
import { add, aggregate, NOTHING, or, scale, subtract } from "../query/vector.ts";

/** Labels of a queue; its name repeats them. */
const QUEUE = ["type", "lane"] as const;

// Every replica reports the same queues, so a sum would count each several times.
const depth = aggregate("max", gauge("mcp_queue_depth"), QUEUE);
const completed = aggregate("sum", rate("mcp_tasks_completed_total"), ["type", "lane"]);
const failed = aggregate("sum", rate("mcp_tasks_failed_total"), ["type", "lane"]);
const deepest = aggregate("max", signalOf("QueueDepthSpike"));
const lag = aggregate("max", gauge("mcp_consumer_group_lag"), QUEUE);
const pending = aggregate("max", gauge("mcp_consumer_group_pending"), QUEUE);
const oldest = aggregate("max", gauge("mcp_oldest_task_age_seconds"), QUEUE);

/** Backlog and age of the queues. */
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
    now: or(whileKnown(deepest), NOTHING),
    course: deepest,
    levels: levelsAbove("HighConsumerLag", "QueueDepthSpike"),
  },
  depth: {
    key: "queue-depth",
    kind: "timeseries",
    title: "Queue depth",
    meaning:
      "Entries in each stream; the line is the threshold of QueueDepthSpike. The same number as the lag: an entry is deleted when it is acknowledged.",
    good: "Near 0. A burst that drains again is fine.",
    runbooks: ["QueueDepthSpike"],
    unit: "short",
    min: 0,
    thresholds: [thresholdOf("QueueDepthSpike")],
    series: [{ query: signalOf("QueueDepthSpike"), legend: "{{type}} {{lane}}" }],
  },
  lag: {
    key: "consumer-lag",
    kind: "timeseries",
    title: "Consumer lag",
    meaning:
      "Messages that each group still has to finish, delivered ones included; the line is the alert's threshold. The same number as the depth.",
    good: "Below the line, and falling after a burst.",
    runbooks: ["HighConsumerLag"],
    unit: "short",
    min: 0,
    thresholds: [thresholdOf("HighConsumerLag")],
    series: [{ query: signalOf("HighConsumerLag"), legend: "{{type}} {{lane}}" }],
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
    runbooks: ["OldestTaskTooOld", "TypeWithoutWorkers", "HighConsumerLag", "HighACKFailureRate"],
    unit: "s",
    min: 0,
    thresholds: [thresholdOf("OldestTaskTooOld")],
    series: [{ query: signalOf("OldestTaskTooOld"), legend: "{{type}} {{lane}}" }],
  },
  overdue: {
    key: "overdue-retries",
    kind: "timeseries",
    title: "Overdue retries",
    meaning: "How long the first retry or delayed task of each lane has been due; the line is the alert's threshold.",
    good: "A flat 0. A climb is a promotion that does not run.",
    runbooks: ["RetriesOverdue"],
    unit: "s",
    min: 0,
    thresholds: [thresholdOf("RetriesOverdue")],
    series: [{ query: signalOf("RetriesOverdue"), legend: "{{type}} {{lane}}" }],
  },
  delayed: {
    key: "delayed-tasks",
    kind: "timeseries",
    title: "Delayed tasks",
    meaning: "Tasks that wait for a retry or a delayed start, by type and lane.",
    good: "A few retries, and what clients delayed on purpose.",
    runbooks: ["RetriesOverdue", "TaskFailureRateHigh"],
    unit: "short",
    min: 0,
    series: [{ query: aggregate("max", gauge("mcp_delayed_tasks"), ["type", "lane"]), legend: "{{type}} {{lane}}" }],
  },
  netFlow: {
    key: "backlog-growth",
    kind: "timeseries",
    title: "Growth of the backlog",
    meaning: "Tasks accepted minus tasks completed or failed, per second, by type and lane.",
    good: "Around 0. If it stays above 0, there are too few workers, or they are too slow.",
    runbooks: ["HighConsumerLag", "QueueDepthSpike"],
    unit: "ops",
    series: [
      {
        query: subtract(
          aggregate("sum", rate("mcp_tasks_enqueued_total"), ["type", "lane"]),
          add(completed, or(failed, scale(completed, 0))),
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
    good: "A flat 0 in the middle.",
    runbooks: ["TasksUnaccounted"],
    unit: "short",
    symmetric: true,
    thresholds: [thresholdOf("TasksUnaccounted")],
    series: [
      {
        query: aggregate("max", gauge("mcp_tasks_unaccounted"), ["type", "lane"]),
        legend: "{{type}} {{lane}}, highest",
      },
      {
        query: aggregate("min", gauge("mcp_tasks_unaccounted"), ["type", "lane"]),
        legend: "{{type}} {{lane}}, lowest",
      },
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
