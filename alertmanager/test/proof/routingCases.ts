import type { AlertName } from "@mcp-orchestrator/alerts";
import { installationLabels } from "../../src/config.ts";
import type { ReceiverName } from "../../src/endpoints.ts";

/** The receivers of each alert, by hand: nothing here is taken from the routes that it judges. */
export const RECEIVERS_OF: Readonly<Record<AlertName, readonly ReceiverName[]>> = {
  HighACKFailureRate: ["slack-critical"],
  ACKSuccessRateDegradation: ["slack-warnings"],
  HighConsumerLag: ["slack-warnings"],
  QueueDepthSpike: ["slack-critical"],
  ExpressLatencyHigh: ["slack-warnings"],
  ExpressLatencyCritical: ["slack-critical"],
  WorkerCrashRateHigh: ["slack-critical"],
  NoActiveWorkers: ["pagerduty", "slack-critical"],
  TaskFailureRateHigh: ["slack-warnings"],
  RedisMemoryHigh: ["slack-warnings"],
  DeadLetterQueueGrowing: ["slack-warnings"],
  TasksUnaccounted: ["slack-critical"],
  OrchestratorTargetDown: ["slack-warnings"],
  TypeWithoutWorkers: ["slack-critical"],
  WorkerCrashesPersist: ["slack-warnings"],
  ServiceUnstable: ["slack-critical"],
  SubmissionsFailing: ["slack-critical"],
  TypeSubmissionsFailing: ["slack-critical"],
  OldestTaskTooOld: ["slack-warnings"],
  RetriesOverdue: ["slack-warnings"],
  SwitchLeftOn: ["slack-warnings"],
  RedisStateUnknown: ["slack-critical"],
  WorkersMissing: ["slack-warnings"],
  ReplicasMissing: ["slack-warnings"],
  ExpressWaitHigh: ["slack-warnings"],
  RedisNotDurable: ["slack-warnings"],
  ExpressBudgetBurnsFast: ["slack-critical"],
  SuccessBudgetBurnsFast: ["slack-critical"],
  ExpressBudgetBurnsSlowly: ["slack-warnings"],
  SuccessBudgetBurnsSlowly: ["slack-warnings"],
  NotificationsFailing: ["slack-critical"],
  RuleEvaluationFailing: ["slack-critical"],
  ConfigurationReloadFailed: ["slack-warnings"],
  Watchdog: ["deadman"],
};

export type RoutingCase = {
  readonly labels: Readonly<Record<string, string>>;
  readonly receivers: readonly ReceiverName[];
};

/** Alerts from outside the catalogue. They must reach a receiver too. */
export const OTHER_CASES: readonly RoutingCase[] = [
  // A heartbeat pages no one, whatever relabelling adds to it.
  { labels: { alertname: "Watchdog", severity: "critical", page: "true" }, receivers: ["deadman"] },
  // A receiver is never the one to say that it fails.
  {
    labels: { alertname: "NotificationsFailing", severity: "critical", page: "true", integration: "slack" },
    receivers: ["pagerduty"],
  },
  {
    labels: { alertname: "NotificationsFailing", severity: "critical", integration: "slack" },
    receivers: ["pagerduty"],
  },
  {
    labels: { alertname: "NotificationsFailing", severity: "critical", integration: "pagerduty" },
    receivers: ["slack-critical"],
  },
  {
    labels: { alertname: "NotificationsFailing", severity: "critical", integration: "webhook" },
    receivers: ["slack-critical"],
  },
  { labels: { alertname: "SomethingElse", severity: "critical", integration: "slack" }, receivers: ["slack-critical"] },
  { labels: { alertname: "SomethingElse" }, receivers: ["team-platform"] },
  { labels: { alertname: "SomethingElse", severity: "info" }, receivers: ["team-platform"] },
  { labels: { alertname: "SomethingElse", severity: "none", page: "true" }, receivers: ["team-platform"] },
  { labels: { alertname: "SomethingElse", severity: "critical" }, receivers: ["slack-critical"] },
  { labels: { alertname: "SomethingElse", severity: "critical", page: "false" }, receivers: ["slack-critical"] },
  {
    labels: { alertname: "SomethingElse", severity: "critical", page: "true" },
    receivers: ["pagerduty", "slack-critical"],
  },
  { labels: { alertname: "SomethingElse", severity: "warning", page: "true" }, receivers: ["slack-warnings"] },
];

/** How soon and how often a receiver is notified at production timing, and which alerts share a message. */
export type NotificationTiming = {
  readonly group_by: readonly string[];
  readonly group_wait: string;
  readonly group_interval: string;
  readonly repeat_interval: string;
};

const ORDINARY: NotificationTiming = {
  group_by: ["alertname", "severity", ...installationLabels()],
  group_wait: "30s",
  group_interval: "5m",
  repeat_interval: "4h",
};

export const TIMING_OF: Readonly<Record<ReceiverName, NotificationTiming>> = {
  "team-platform": ORDINARY,
  "slack-critical": ORDINARY,
  "slack-warnings": { ...ORDINARY, group_wait: "1m30s" },
  pagerduty: ORDINARY,
  deadman: { ...ORDINARY, group_wait: "0s", group_interval: "1m", repeat_interval: "1m" },
};
