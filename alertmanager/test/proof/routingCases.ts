import type { AlertName } from "@mcp-orchestrator/alerts";
import type { ReceiverName } from "../../src/endpoints.ts";

/** Which receivers each alert must reach. Written by hand: nothing here is taken from the routes that it judges. */
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
  Watchdog: ["deadman"],
};

export type RoutingCase = {
  readonly labels: Readonly<Record<string, string>>;
  readonly receivers: readonly ReceiverName[];
};

/** Alerts from outside the catalogue. They must reach a receiver all the same. */
export const FOREIGN_CASES: readonly RoutingCase[] = [
  // Whatever relabelling makes of it, a heartbeat pages no one.
  { labels: { alertname: "Watchdog", severity: "critical", page: "true" }, receivers: ["deadman"] },
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
export type Rhythm = {
  readonly group_by: readonly string[];
  readonly group_wait: string;
  readonly group_interval: string;
  readonly repeat_interval: string;
};

const ORDINARY: Rhythm = {
  group_by: ["alertname", "severity"],
  group_wait: "30s",
  group_interval: "5m",
  repeat_interval: "4h",
};

export const RHYTHM_OF: Readonly<Record<ReceiverName, Rhythm>> = {
  "team-platform": ORDINARY,
  "slack-critical": ORDINARY,
  "slack-warnings": { ...ORDINARY, group_wait: "1m30s" },
  pagerduty: ORDINARY,
  deadman: { ...ORDINARY, group_wait: "0s", group_interval: "1m", repeat_interval: "1m" },
};
