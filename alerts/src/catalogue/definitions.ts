import { ackSuccessRateDegradation } from "./ackSuccessRateDegradation/alert.ts";
import type { AlertDefinition } from "./alert.ts";
import { deadLetterQueueGrowing } from "./deadLetterQueueGrowing/alert.ts";
import { expressLatencyCritical } from "./expressLatencyCritical/alert.ts";
import { expressLatencyHigh } from "./expressLatencyHigh/alert.ts";
import { highAckFailureRate } from "./highAckFailureRate/alert.ts";
import { highConsumerLag } from "./highConsumerLag/alert.ts";
import { noActiveWorkers } from "./noActiveWorkers/alert.ts";
import { orchestratorTargetDown } from "./orchestratorTargetDown/alert.ts";
import { queueDepthSpike } from "./queueDepthSpike/alert.ts";
import { redisMemoryHigh } from "./redisMemoryHigh/alert.ts";
import { taskFailureRateHigh } from "./taskFailureRateHigh/alert.ts";
import { tasksUnaccounted } from "./tasksUnaccounted/alert.ts";
import { watchdog } from "./watchdog/alert.ts";
import { workerCrashRateHigh } from "./workerCrashRateHigh/alert.ts";

/**
 * Every alert, by the group in which it is evaluated: the nine of the runbook in its order, then what they rest on. A new
 * alert is added here, and the compiler asks for everything else.
 */
export const DEFINITIONS = {
  "mcp-orchestrator": [
    highAckFailureRate,
    ackSuccessRateDegradation,
    highConsumerLag,
    queueDepthSpike,
    expressLatencyHigh,
    expressLatencyCritical,
    workerCrashRateHigh,
    noActiveWorkers,
    taskFailureRateHigh,
  ],
  "mcp-orchestrator-platform": [
    redisMemoryHigh,
    deadLetterQueueGrowing,
    tasksUnaccounted,
    orchestratorTargetDown,
    watchdog,
  ],
} as const satisfies Readonly<Record<string, readonly AlertDefinition[]>>;

/** Name of an alert of the catalogue. */
export type AlertName = (typeof DEFINITIONS)[keyof typeof DEFINITIONS][number]["name"];

/** All definitions, in the order of their groups. */
export const ALL_DEFINITIONS: readonly AlertDefinition<AlertName>[] = Object.values(DEFINITIONS).flat();
