import type { AlertName } from "@mcp-orchestrator/alerts";

type Labels = Readonly<Record<string, string>>;
type Instance = { readonly alertname: AlertName | "SomethingElse" } & Labels;

/** Severities as they are on the alerts: an inhibition must not mind that source and target differ. */
export const SEVERITY_OF: Readonly<Record<Instance["alertname"], string>> = {
  HighACKFailureRate: "critical",
  ACKSuccessRateDegradation: "warning",
  HighConsumerLag: "warning",
  QueueDepthSpike: "critical",
  ExpressLatencyHigh: "warning",
  ExpressLatencyCritical: "critical",
  WorkerCrashRateHigh: "critical",
  NoActiveWorkers: "critical",
  TaskFailureRateHigh: "warning",
  RedisMemoryHigh: "warning",
  DeadLetterQueueGrowing: "warning",
  TasksUnaccounted: "critical",
  OrchestratorTargetDown: "warning",
  Watchdog: "none",
  SomethingElse: "warning",
};

/** Alerts that fire together, and which of them must send no notification. Written by hand, as the routing cases are. */
export type InhibitionCase = {
  readonly name: string;
  readonly heard: readonly Instance[];
  readonly muted: readonly Instance[];
};

const reasoning = { queue: "mcp:queue:reasoning", type: "reasoning", lane: "regular" };
const ml = { queue: "mcp:queue:ml", type: "ml", lane: "regular" };
const codegen = { queue: "mcp:queue:codegen", type: "codegen", lane: "regular" };
const mlExpress = { queue: "mcp:queue:ml:express", type: "ml", lane: "express" };

export const INHIBITION_CASES: readonly InhibitionCase[] = [
  {
    name: "very slow says slow, of the same type, and nothing else of it",
    heard: [
      { alertname: "ExpressLatencyCritical", type: "ml" },
      { alertname: "ExpressLatencyHigh", type: "reasoning" },
      { alertname: "HighACKFailureRate", type: "ml", lane: "regular" },
      { alertname: "ACKSuccessRateDegradation", type: "ml", lane: "express" },
      { alertname: "HighConsumerLag", ...mlExpress },
      { alertname: "QueueDepthSpike", ...ml },
      { alertname: "TaskFailureRateHigh", type: "ml" },
      { alertname: "TasksUnaccounted", type: "ml", lane: "express" },
    ],
    muted: [{ alertname: "ExpressLatencyHigh", type: "ml" }],
  },
  {
    name: "failed acknowledgements say failing attempts, of the same type and lane, and nothing else of it",
    heard: [
      { alertname: "HighACKFailureRate", type: "ml", lane: "regular" },
      { alertname: "QueueDepthSpike", ...ml },
      { alertname: "TasksUnaccounted", type: "ml", lane: "regular" },
      { alertname: "HighACKFailureRate", type: "codegen", lane: "regular" },
      { alertname: "HighConsumerLag", ...codegen },
      { alertname: "ACKSuccessRateDegradation", type: "ml", lane: "express" },
      { alertname: "ACKSuccessRateDegradation", type: "reasoning", lane: "regular" },
    ],
    muted: [{ alertname: "ACKSuccessRateDegradation", type: "ml", lane: "regular" }],
  },
  {
    name: "a deep queue says that it is behind, the same queue",
    heard: [
      { alertname: "QueueDepthSpike", ...ml },
      { alertname: "SomethingElse", ...ml },
      { alertname: "HighConsumerLag", ...reasoning },
      { alertname: "HighConsumerLag", ...mlExpress },
    ],
    muted: [{ alertname: "HighConsumerLag", ...ml }],
  },
  {
    name: "an outage says what follows from it, and not why it is",
    heard: [
      { alertname: "NoActiveWorkers" },
      { alertname: "WorkerCrashRateHigh" },
      { alertname: "RedisMemoryHigh" },
      { alertname: "TaskFailureRateHigh", type: "ml" },
      { alertname: "HighACKFailureRate", type: "ml", lane: "regular" },
      { alertname: "ACKSuccessRateDegradation", type: "reasoning", lane: "express" },
      { alertname: "TasksUnaccounted", type: "ml", lane: "regular" },
      { alertname: "DeadLetterQueueGrowing" },
      { alertname: "Watchdog" },
    ],
    muted: [
      { alertname: "HighConsumerLag", ...ml },
      { alertname: "QueueDepthSpike", ...reasoning },
      { alertname: "ExpressLatencyHigh", type: "reasoning" },
      { alertname: "ExpressLatencyCritical", type: "ml" },
      { alertname: "OrchestratorTargetDown", instance: "a:8000" },
    ],
  },
  {
    name: "an outage of another service says nothing about this one",
    heard: [
      { alertname: "NoActiveWorkers", service: "another" },
      { alertname: "HighConsumerLag", ...ml },
      { alertname: "ExpressLatencyCritical", type: "reasoning", service: "another-too" },
      { alertname: "ExpressLatencyHigh", type: "reasoning" },
      { alertname: "HighACKFailureRate", type: "ml", lane: "regular", service: "another-too" },
      { alertname: "ACKSuccessRateDegradation", type: "ml", lane: "regular" },
      { alertname: "QueueDepthSpike", ...reasoning, service: "another-too" },
      { alertname: "HighConsumerLag", ...reasoning },
    ],
    muted: [],
  },
  {
    name: "nothing is inhibited by its lesser",
    heard: [
      { alertname: "ExpressLatencyHigh", type: "ml" },
      { alertname: "ACKSuccessRateDegradation", type: "ml", lane: "regular" },
      { alertname: "HighConsumerLag", ...reasoning },
      { alertname: "WorkerCrashRateHigh" },
      { alertname: "TaskFailureRateHigh", type: "ml" },
      { alertname: "OrchestratorTargetDown", instance: "a:8000" },
      { alertname: "QueueDepthSpike", ...mlExpress },
      { alertname: "HighACKFailureRate", type: "reasoning", lane: "express" },
      { alertname: "Watchdog" },
    ],
    muted: [],
  },
];
