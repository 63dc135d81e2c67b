import type { AlertName } from "@mcp-orchestrator/alerts";

/** While the source fires, targets with the same values of the `equal` labels are not notified. */
export type Inhibition = {
  readonly source: AlertName;
  readonly targets: readonly AlertName[];
  readonly equal: readonly string[];
  readonly why: string;
};

/** The inhibitions, each with its reason. */
export const INHIBITIONS: readonly Inhibition[] = [
  {
    source: "ExpressLatencyCritical",
    targets: ["ExpressLatencyHigh", "ExpressWaitHigh", "ExpressBudgetBurnsFast", "ExpressBudgetBurnsSlowly"],
    equal: ["service", "type"],
    why: "The higher-severity alert already says that the type is slow.",
  },
  {
    source: "ExpressLatencyHigh",
    // ExpressBudgetBurnsFast is critical: it is notified beside a warning.
    targets: ["ExpressWaitHigh", "ExpressBudgetBurnsSlowly"],
    equal: ["service", "type"],
    why: "What tasks take after the submission is part of what clients wait.",
  },
  {
    source: "ExpressWaitHigh",
    targets: ["ExpressBudgetBurnsSlowly"],
    equal: ["service", "type"],
    why: "Clients that wait now say more than those that waited in the last days.",
  },
  {
    source: "ExpressBudgetBurnsFast",
    targets: ["ExpressBudgetBurnsSlowly"],
    equal: ["service", "type"],
    why: "A budget that burns fast also burns.",
  },
  {
    source: "TaskFailureRateHigh",
    targets: ["SuccessBudgetBurnsSlowly"],
    equal: ["service", "type"],
    why: "Tasks that fail now say more than those that failed in the last days.",
  },
  {
    source: "SuccessBudgetBurnsFast",
    targets: ["SuccessBudgetBurnsSlowly"],
    equal: ["service", "type"],
    why: "A budget that burns fast also burns.",
  },
  {
    source: "HighACKFailureRate",
    targets: ["ACKSuccessRateDegradation"],
    equal: ["service", "type", "lane"],
    why: "Messages that cannot be acknowledged at all contain the attempts that fail.",
  },
  {
    source: "QueueDepthSpike",
    targets: ["HighConsumerLag", "OldestTaskTooOld"],
    equal: ["service", "queue"],
    why: "A queue that deep is behind, and its tasks wait, by definition.",
  },
  {
    source: "TypeWithoutWorkers",
    targets: [
      "WorkersMissing",
      "HighConsumerLag",
      "OldestTaskTooOld",
      "ExpressLatencyHigh",
      "ExpressLatencyCritical",
      "ExpressWaitHigh",
      "ExpressBudgetBurnsFast",
      "ExpressBudgetBurnsSlowly",
    ],
    equal: ["service", "type"],
    why: "Without workers the tasks of the type wait: that is the same incident.",
  },
  {
    source: "WorkerCrashRateHigh",
    targets: ["WorkerCrashesPersist", "WorkersMissing"],
    equal: ["service"],
    why: "Crashes that often are more than crashes that persist, and leave workers missing.",
  },
  {
    source: "OrchestratorTargetDown",
    targets: ["ReplicasMissing"],
    equal: ["service"],
    why: "It names the replica that does not answer.",
  },
  {
    source: "NoActiveWorkers",
    targets: [
      "HighConsumerLag",
      "QueueDepthSpike",
      "ExpressLatencyHigh",
      "ExpressLatencyCritical",
      "ExpressWaitHigh",
      "ExpressBudgetBurnsFast",
      "ExpressBudgetBurnsSlowly",
      "OrchestratorTargetDown",
      "ReplicasMissing",
      "TypeWithoutWorkers",
      "WorkersMissing",
      "ServiceUnstable",
      "OldestTaskTooOld",
      "RetriesOverdue",
      "SubmissionsFailing",
      "RedisStateUnknown",
    ],
    equal: ["service"],
    why: "Without workers queues grow, tasks wait and submissions may fail: it is the same outage, and its page has been sent.",
  },
];
