import { REFUSED_REQUESTS, REFUSED_TASKS } from "@mcp-orchestrator/alerts";
import { SUBMISSION_CAUSES } from "mcp-orchestrator/contract";
import { thresholdOf } from "../model/catalogue.ts";
import { levelsAbove, plain } from "../model/levels.ts";
import type { PanelSpec } from "../model/panel.ts";
import { rate } from "../query/metrics.ts";
import { processGauge, whileAnswering } from "../query/process.ts";
import { signalOf } from "../query/signals.ts";
import { add, aggregate, NOTHING, or, scale, share, whileAbove } from "../query/vector.ts";

const failedByType = aggregate("sum", rate("mcp_tasks_failed_total"), ["type"]);
const completedByType = aggregate("sum", rate("mcp_tasks_completed_total"), ["type"]);
const failed = aggregate("sum", rate("mcp_tasks_failed_total"));
const completed = aggregate("sum", rate("mcp_tasks_completed_total"));
const failureShare = share(failedByType, add(failedByType, completedByType));
/** The worst type: as the alert counts, or over the last minute if too few failed for the alert. */
const worstFailures = or(
  aggregate("max", signalOf("TaskFailureRateHigh")),
  whileAbove(aggregate("max", failureShare), add(failed, completed), 0),
);
const SUBMIT_ROUTES = ["submit", "submit_batch"] as const;
const answers = (cause: readonly string[]) =>
  aggregate("sum", rate("mcp_http_requests_total", { route: SUBMIT_ROUTES, cause }));
const submitted = (cause: readonly string[]) =>
  aggregate("sum", rate("mcp_tasks_submitted_total", { cause }), ["type", "lane"]);
/** Causes of tasks that were not accepted. */
const REJECTED = SUBMISSION_CAUSES.filter((cause) => cause !== "none");
/** The share if no task ended. */
const NONE_ENDED = -1;

/** Tasks in, tasks out, and what went wrong with them. */
export const traffic = {
  throughput: {
    key: "throughput",
    kind: "stat",
    title: "Throughput",
    meaning:
      "Tasks finished with a result, per second: the sum over all types and lanes, because it is the load, and no health. Tiles that judge show the worst type.",
    good: "About the rate at which tasks are accepted.",
    runbooks: ["HighConsumerLag"],
    unit: "ops",
    min: 0,
    now: or(whileAnswering(completed), NOTHING),
    course: completed,
    levels: plain("blue"),
  },
  failureShareNow: {
    key: "failure-share-now",
    kind: "stat",
    title: "Task failures",
    meaning: "Failed tasks as a share of all that ended, of the worst type.",
    good: "Well below the alert's threshold.",
    runbooks: ["TaskFailureRateHigh"],
    unit: "percentunit",
    min: 0,
    now: or(whileAnswering(or(worstFailures, scale(aggregate("max", processGauge("up")), NONE_ENDED))), NOTHING),
    course: worstFailures,
    levels: levelsAbove("TaskFailureRateHigh"),
    words: { [NONE_ENDED]: { text: "none ended", color: "text" } },
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
    meaning:
      "Failed tasks as a share of all that ended, by type, as the alert counts them; the line is its threshold. Thin: over a minute, or a step of a wide range.",
    good: "Below the line. The line of the alert is drawn only if at least two failed.",
    runbooks: ["TaskFailureRateHigh"],
    unit: "percentunit",
    min: 0,
    thresholds: [thresholdOf("TaskFailureRateHigh")],
    series: [
      { query: signalOf("TaskFailureRateHigh"), legend: "{{type}}" },
      { query: failureShare, legend: "{{type}}, short window", thin: true },
    ],
  },
  failuresByReason: {
    key: "failures-by-reason",
    kind: "timeseries",
    title: "Failures by reason",
    meaning: "Tasks that ended in the dead letter queue, per second, by reason.",
    good: "Nothing. Upstream and timeout point at an external API, validation at a client, poison at a handler.",
    runbooks: ["TaskFailureRateHigh"],
    unit: "ops",
    min: 0,
    stacked: true,
    series: [{ query: aggregate("sum", rate("mcp_tasks_failed_total"), ["reason"]), legend: "{{reason}}" }],
  },
  submissionFailures: {
    key: "submission-failures",
    kind: "timeseries",
    title: "Submissions that fail",
    meaning:
      "Submissions that were answered with 429 or 5xx, as a share, as the alert counts them; the line is its threshold. Thin: over a minute, or a step of a wide range.",
    good: "0, unless a rate limit sheds load.",
    runbooks: ["SubmissionsFailing"],
    unit: "percentunit",
    min: 0,
    max: 1,
    thresholds: [thresholdOf("SubmissionsFailing")],
    series: [
      { query: signalOf("SubmissionsFailing"), legend: "failed" },
      {
        query: share(answers(REFUSED_REQUESTS), answers(["none", ...REFUSED_REQUESTS])),
        legend: "short window",
        thin: true,
      },
    ],
    colors: { failed: "red" },
  },
  submissionFailuresByLane: {
    key: "type-submission-failures",
    kind: "timeseries",
    title: "Tasks refused by type and lane",
    meaning:
      "Tasks that were answered with 429 or 5xx, as a share of a type and lane, while that goes on; the line is the alert's threshold. Thin: over a minute, or a step of a wide range.",
    good: "Nothing, unless a rate limit sheds load.",
    runbooks: ["TypeSubmissionsFailing"],
    unit: "percentunit",
    min: 0,
    max: 1,
    thresholds: [thresholdOf("TypeSubmissionsFailing")],
    series: [
      { query: signalOf("TypeSubmissionsFailing"), legend: "{{type}} {{lane}}" },
      {
        query: share(submitted(REFUSED_TASKS), submitted(["none", ...REFUSED_TASKS])),
        legend: "{{type}} {{lane}}, short window",
        thin: true,
      },
    ],
  },
  submissions: {
    key: "submissions",
    kind: "timeseries",
    title: "Answers to submissions",
    meaning: "Answers to submissions per second, by cause; `none` is an accepted one.",
    good: "Almost only `none`. `redis`, `overload` and `rate_limit` are what clients see fail.",
    runbooks: ["SubmissionsFailing"],
    unit: "reqps",
    min: 0,
    stacked: true,
    series: [
      {
        query: aggregate("sum", rate("mcp_http_requests_total", { route: SUBMIT_ROUTES }), ["cause"]),
        legend: "{{cause}}",
      },
    ],
    colors: { none: "green", redis: "red", overload: "red", rate_limit: "orange", invalid: "blue" },
  },
  rejected: {
    key: "rejected",
    kind: "timeseries",
    title: "Rejected at submission",
    meaning: "Submitted tasks that were not accepted, per second, by cause.",
    good: "Nothing but an occasional invalid one. Overload means that a queue is full.",
    runbooks: ["SubmissionsFailing", "QueueDepthSpike"],
    unit: "reqps",
    min: 0,
    stacked: true,
    series: [
      {
        query: aggregate("sum", rate("mcp_tasks_submitted_total", { cause: REJECTED }), ["cause"]),
        legend: "{{cause}}",
      },
    ],
    colors: { redis: "red", overload: "red", rate_limit: "orange", invalid: "blue" },
  },
} satisfies Record<string, PanelSpec>;
