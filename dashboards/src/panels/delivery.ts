import { alertNamed, formatDuration } from "@mcp-orchestrator/alerts";
import { thresholdOf } from "../model/catalogue.ts";
import { zeroIsGood } from "../model/levels.ts";
import type { PanelSpec } from "../model/panel.ts";
import { gauge, rate } from "../query/metrics.ts";
import { whileAnswering } from "../query/process.ts";
import { signalOf } from "../query/signals.ts";
import { add, aggregate, complement, NOTHING, or, share } from "../query/vector.ts";

const okAttempts = aggregate("sum", rate("mcp_ack_attempts_total", { outcome: "ok" }), ["type", "lane"]);
const failedAttempts = aggregate("sum", rate("mcp_ack_attempts_total", { outcome: "error" }), ["type", "lane"]);
const attempts = aggregate("sum", rate("mcp_ack_attempts_total"), ["type", "lane"]);
const failures = aggregate("sum", rate("mcp_ack_failures_total"), ["type", "lane"]);
const deadLetters = aggregate("max", gauge("mcp_dlq_depth"));
const growthWindowMs = alertNamed("DeadLetterQueueGrowing").windowMs ?? 0;

/** Acknowledgement, redelivery and dead letters: whether each task ends exactly once. */
export const delivery = {
  ackFailures: {
    key: "ack-failures",
    kind: "timeseries",
    title: "ACK failures",
    meaning:
      "Messages that could not be acknowledged in three attempts, as a share, as the alert counts them; the line is its threshold. Thin: over a minute, or a step of a wide range.",
    good: "A flat 0. The line of the alert is drawn only if at least two failed.",
    runbooks: ["HighACKFailureRate"],
    unit: "percentunit",
    min: 0,
    thresholds: [thresholdOf("HighACKFailureRate")],
    series: [
      { query: signalOf("HighACKFailureRate"), legend: "{{type}} {{lane}}" },
      { query: share(failures, add(failures, okAttempts)), legend: "{{type}} {{lane}}, short window", thin: true },
    ],
  },
  ackSuccess: {
    key: "ack-success",
    kind: "timeseries",
    title: "ACK attempts that succeed",
    meaning:
      "Attempts to acknowledge that succeeded, as a share, as the alert counts them; the line is its threshold. Thin: over a minute, or a step of a wide range; idle lanes show 100 %.",
    good: "100 %. Failed attempts that succeed on retry count here, not as ACK failures. The line of the alert is drawn only if at least four failed.",
    runbooks: ["ACKSuccessRateDegradation"],
    unit: "percentunit",
    max: 1,
    thresholds: [thresholdOf("ACKSuccessRateDegradation")],
    series: [
      { query: signalOf("ACKSuccessRateDegradation"), legend: "{{type}} {{lane}}" },
      {
        query: complement(share(failedAttempts, attempts)),
        legend: "{{type}} {{lane}}, short window",
        thin: true,
      },
    ],
  },
  ackAttempts: {
    key: "ack-attempts",
    kind: "timeseries",
    title: "ACK attempts by outcome",
    meaning: "Attempts to acknowledge a message, per second, by outcome.",
    good: "Only ok, at the rate of completions.",
    runbooks: ["HighACKFailureRate", "ACKSuccessRateDegradation"],
    unit: "ops",
    min: 0,
    stacked: true,
    series: [{ query: aggregate("sum", rate("mcp_ack_attempts_total"), ["outcome"]), legend: "{{outcome}}" }],
    colors: { ok: "green", error: "red" },
  },
  ackAttemptsByLane: {
    key: "ack-attempts-by-lane",
    kind: "timeseries",
    title: "ACK attempts by lane",
    meaning: "Attempts to acknowledge a message, per second, by type and lane.",
    good: "Every lane with completions has as many attempts.",
    runbooks: ["HighACKFailureRate"],
    unit: "ops",
    min: 0,
    series: [{ query: attempts, legend: "{{type}} {{lane}}" }],
  },
  retries: {
    key: "retries",
    kind: "timeseries",
    title: "Retries",
    meaning: "Attempts after a task's first, per second, by type and lane.",
    good: "Few. Many retries announce failures.",
    runbooks: ["TaskFailureRateHigh"],
    unit: "ops",
    min: 0,
    series: [
      { query: aggregate("sum", rate("mcp_task_retries_total"), ["type", "lane"]), legend: "{{type}} {{lane}}" },
    ],
  },
  orphans: {
    key: "orphans",
    kind: "timeseries",
    title: "Orphans and late results",
    meaning: "Entries claimed from a worker that stopped, and results that arrived after their entry was claimed.",
    good: "Orphans only after a crash. No late results: each is a task that ran twice.",
    runbooks: ["WorkerCrashRateHigh", "HighACKFailureRate"],
    unit: "ops",
    min: 0,
    series: [
      { query: aggregate("sum", rate("mcp_orphans_claimed_total")), legend: "orphans claimed" },
      { query: aggregate("sum", rate("mcp_late_finishes_total")), legend: "late results" },
    ],
    colors: { "orphans claimed": "orange", "late results": "purple" },
  },
  deadLettersNow: {
    key: "dead-letters-now",
    kind: "stat",
    title: "Dead letters",
    meaning: "Entries in the dead letter queue.",
    good: "0. Each dead letter waits to be retried or discarded.",
    runbooks: ["TaskFailureRateHigh"],
    unit: "short",
    min: 0,
    now: or(whileAnswering(deadLetters), NOTHING),
    course: deadLetters,
    levels: zeroIsGood("orange"),
  },
  deadLetters: {
    key: "dead-letters",
    kind: "timeseries",
    title: "Dead letter queue",
    meaning: `By how much the dead letter queue has grown in ${formatDuration(growthWindowMs)}; the line is the alert's threshold. Thin: all entries in it.`,
    good: "No growth. It climbs while tasks fail for good.",
    runbooks: ["DeadLetterQueueGrowing", "TaskFailureRateHigh"],
    unit: "short",
    min: 0,
    thresholds: [thresholdOf("DeadLetterQueueGrowing")],
    series: [
      { query: signalOf("DeadLetterQueueGrowing"), legend: "growth" },
      { query: deadLetters, legend: "dead letters", thin: true },
    ],
    colors: { growth: "orange", "dead letters": "text" },
  },
} satisfies Record<string, PanelSpec>;
