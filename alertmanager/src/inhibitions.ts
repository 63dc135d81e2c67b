import type { AlertName } from "@mcp-orchestrator/alerts";

/** While the source fires, the targets that agree with it on the `equal` labels are not notified. */
export type Inhibition = {
  readonly source: AlertName;
  readonly targets: readonly AlertName[];
  readonly equal: readonly string[];
  readonly why: string;
};

/** What is not worth a second message, and why. */
export const INHIBITIONS: readonly Inhibition[] = [
  {
    source: "ExpressLatencyCritical",
    targets: ["ExpressLatencyHigh"],
    equal: ["service", "type"],
    why: "The higher-severity alert already says that the type is slow.",
  },
  {
    source: "HighACKFailureRate",
    targets: ["ACKSuccessRateDegradation"],
    equal: ["service", "type", "lane"],
    why: "Messages that cannot be acknowledged at all contain the attempts that fail.",
  },
  {
    source: "QueueDepthSpike",
    targets: ["HighConsumerLag"],
    equal: ["service", "queue"],
    why: "A queue that deep is behind by definition.",
  },
  {
    source: "NoActiveWorkers",
    targets: [
      "HighConsumerLag",
      "QueueDepthSpike",
      "ExpressLatencyHigh",
      "ExpressLatencyCritical",
      "OrchestratorTargetDown",
    ],
    equal: ["service"],
    why: "Without workers queues grow and tasks wait: it is the same outage, and its page has been sent.",
  },
];
