import { ackSuccessRateDegradation } from "./ackSuccessRateDegradation/alert.ts";
import type { AlertDefinition } from "./alert.ts";
import { configurationReloadFailed } from "./configurationReloadFailed/alert.ts";
import { deadLetterQueueGrowing } from "./deadLetterQueueGrowing/alert.ts";
import { expressBudgetBurnsFast } from "./expressBudgetBurnsFast/alert.ts";
import { expressBudgetBurnsSlowly } from "./expressBudgetBurnsSlowly/alert.ts";
import { expressLatencyCritical } from "./expressLatencyCritical/alert.ts";
import { expressLatencyHigh } from "./expressLatencyHigh/alert.ts";
import { expressWaitHigh } from "./expressWaitHigh/alert.ts";
import { highAckFailureRate } from "./highAckFailureRate/alert.ts";
import { highConsumerLag } from "./highConsumerLag/alert.ts";
import { noActiveWorkers } from "./noActiveWorkers/alert.ts";
import { notificationsFailing } from "./notificationsFailing/alert.ts";
import { oldestTaskTooOld } from "./oldestTaskTooOld/alert.ts";
import { orchestratorTargetDown } from "./orchestratorTargetDown/alert.ts";
import { queueDepthSpike } from "./queueDepthSpike/alert.ts";
import { redisMemoryHigh } from "./redisMemoryHigh/alert.ts";
import { redisNotDurable } from "./redisNotDurable/alert.ts";
import { redisStateUnknown } from "./redisStateUnknown/alert.ts";
import { replicasMissing } from "./replicasMissing/alert.ts";
import { retriesOverdue } from "./retriesOverdue/alert.ts";
import { ruleEvaluationFailing } from "./ruleEvaluationFailing/alert.ts";
import { serviceUnstable } from "./serviceUnstable/alert.ts";
import { submissionsFailing } from "./submissionsFailing/alert.ts";
import { successBudgetBurnsFast } from "./successBudgetBurnsFast/alert.ts";
import { successBudgetBurnsSlowly } from "./successBudgetBurnsSlowly/alert.ts";
import { switchLeftOn } from "./switchLeftOn/alert.ts";
import { taskFailureRateHigh } from "./taskFailureRateHigh/alert.ts";
import { tasksUnaccounted } from "./tasksUnaccounted/alert.ts";
import { typeSubmissionsFailing } from "./typeSubmissionsFailing/alert.ts";
import { typeWithoutWorkers } from "./typeWithoutWorkers/alert.ts";
import { watchdog } from "./watchdog/alert.ts";
import { workerCrashesPersist } from "./workerCrashesPersist/alert.ts";
import { workerCrashRateHigh } from "./workerCrashRateHigh/alert.ts";
import { workersMissing } from "./workersMissing/alert.ts";

/**
 * Every alert, by the group in which it is evaluated: the nine of the original runbook in its order, then the others.
 * A new alert is added here, and the compiler asks for everything else.
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
  "mcp-orchestrator-workers": [
    typeWithoutWorkers,
    workersMissing,
    workerCrashesPersist,
    serviceUnstable,
    orchestratorTargetDown,
    replicasMissing,
  ],
  "mcp-orchestrator-queues": [
    submissionsFailing,
    typeSubmissionsFailing,
    expressWaitHigh,
    oldestTaskTooOld,
    retriesOverdue,
    deadLetterQueueGrowing,
    tasksUnaccounted,
    switchLeftOn,
  ],
  "mcp-orchestrator-redis": [redisStateUnknown, redisMemoryHigh, redisNotDurable],
  // After those above: an alert on an error budget does not fire for events that one of them has reported.
  "mcp-orchestrator-slo": [
    expressBudgetBurnsFast,
    successBudgetBurnsFast,
    expressBudgetBurnsSlowly,
    successBudgetBurnsSlowly,
  ],
  "mcp-orchestrator-alerting": [notificationsFailing, ruleEvaluationFailing, configurationReloadFailed, watchdog],
} as const satisfies Readonly<Record<string, readonly AlertDefinition[]>>;

/** Name of an alert of the catalogue. */
export type AlertName = (typeof DEFINITIONS)[keyof typeof DEFINITIONS][number]["name"];

/** All definitions, in the order of their groups. */
export const ALL_DEFINITIONS: readonly AlertDefinition<AlertName>[] = Object.values(DEFINITIONS).flat();
