import { thresholdOf } from "../model/catalogue.ts";
import { levelsAbove, plain } from "../model/levels.ts";
import type { PanelSpec } from "../model/panel.ts";
import { rate } from "../query/metrics.ts";
import { add, aggregate, share } from "../query/vector.ts";

const failedByType = aggregate("sum", rate("mcp_tasks_failed_total"), ["type"]);
const completedByType = aggregate("sum", rate("mcp_tasks_completed_total"), ["type"]);
const failed = aggregate("sum", rate("mcp_tasks_failed_total"));
const completed = aggregate("sum", rate("mcp_tasks_completed_total"));

/** Tasks in, tasks out, and what went wrong with them. */
export const traffic = {
  throughput: {
    key: "throughput",
    kind: "stat",
    title: "Throughput",
    meaning: "Tasks finished with a result, per second, over all types and lanes.",
    good: "About the rate at which tasks are accepted.",
    runbooks: ["HighConsumerLag"],
    unit: "ops",
    min: 0,
    series: [{ query: completed, legend: "completed" }],
    levels: plain("blue"),
  },
  failureShareNow: {
    key: "failure-share-now",
    kind: "stat",
    title: "Task failures",
    meaning: "Failed tasks as a share of all that ended, over all types.",
    good: "Well below the alert's threshold; 0 when nothing runs.",
    runbooks: ["TaskFailureRateHigh"],
    unit: "percentunit",
    min: 0,
    decimals: 1,
    series: [{ query: share(failed, add(failed, completed)), legend: "failed" }],
    levels: levelsAbove("TaskFailureRateHigh"),
  },
  flow: {
    key: "task-flow",
    kind: "timeseries",
    title: "Accepted and finished",
    meaning: "Tasks accepted, completed and failed, per second.",
    good: "Completed follows accepted. A lasting gap means that the backlog grows.",
    runbooks: ["HighConsumerLag", "QueueDepthSpike"],
    unit: "ops",
    min: 0,
    series: [
      { query: aggregate("sum", rate("mcp_tasks_enqueued_total")), legend: "accepted" },
      { query: completed, legend: "completed" },
      { query: failed, legend: "failed" },
    ],
    colors: { accepted: "blue", completed: "green", failed: "red" },
  },
  completedByType: {
    key: "completed-by-type",
    kind: "timeseries",
    title: "Completed by type",
    meaning: "Tasks finished with a result, per second, by type.",
    good: "Each type that receives tasks finishes some.",
    runbooks: ["HighConsumerLag"],
    unit: "ops",
    min: 0,
    series: [{ query: completedByType, legend: "{{type}}" }],
  },
  acceptedByLane: {
    key: "accepted-by-lane",
    kind: "timeseries",
    title: "Accepted by lane",
    meaning: "Tasks accepted through the API, per second, by type and lane.",
    good: "Urgent tasks use the express lane, all others the regular lane.",
    runbooks: ["HighConsumerLag"],
    unit: "ops",
    min: 0,
    stacked: true,
    series: [
      { query: aggregate("sum", rate("mcp_tasks_enqueued_total"), ["type", "lane"]), legend: "{{type}} {{lane}}" },
    ],
  },
  failureShare: {
    key: "task-failures",
    kind: "timeseries",
    title: "Failure share by type",
    meaning: "Failed tasks as a share of all that ended, by type; the line is the alert's threshold.",
    good: "Below the line.",
    runbooks: ["TaskFailureRateHigh"],
    unit: "percentunit",
    min: 0,
    thresholds: [thresholdOf("TaskFailureRateHigh")],
    series: [{ query: share(failedByType, add(failedByType, completedByType)), legend: "{{type}}" }],
  },
  failuresByReason: {
    key: "failures-by-reason",
    kind: "timeseries",
    title: "Failures by reason",
    meaning: "Tasks that ended in the dead letter queue, per second, by reason.",
    good: "Nothing. Upstream and timeout point at an external API, validation at a submitter, poison at a handler.",
    runbooks: ["TaskFailureRateHigh"],
    unit: "ops",
    min: 0,
    stacked: true,
    series: [{ query: aggregate("sum", rate("mcp_tasks_failed_total"), ["reason"]), legend: "{{reason}}" }],
  },
  rejected: {
    key: "rejected",
    kind: "timeseries",
    title: "Rejected at submission",
    meaning: "Submissions that were rejected, per second, by reason.",
    good: "Nothing but an occasional invalid one. Overload means that a queue is full.",
    runbooks: ["QueueDepthSpike"],
    unit: "reqps",
    min: 0,
    stacked: true,
    series: [{ query: aggregate("sum", rate("mcp_tasks_rejected_total"), ["reason"]), legend: "{{reason}}" }],
    colors: { overload: "red", rate_limit: "orange", invalid: "blue" },
  },
} satisfies Record<string, PanelSpec>;
