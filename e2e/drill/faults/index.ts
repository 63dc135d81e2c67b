import type { FaultId } from "@mcp-orchestrator/alerts";
import { flapAck, revokeAck } from "./acknowledgement.ts";
import { breakAlertmanagerConfiguration, breakARule, hideAReplica, revokeWebhook } from "./alerting.ts";
import type { InjectFault } from "./fault.ts";
import type { FaultContext } from "./faultContext.ts";
import { leaveBypassOn, pauseWithAnOldTask, scaleTypeToZero } from "./operator.ts";
import { flapService } from "./reachability.ts";
import { failSnapshots, fillRedis, loseAnEntry } from "./redis.ts";
import { refusePromotion, refuseRedisState, refuseSubmissions, refuseSubmissionsOfALane } from "./refusals.ts";
import {
  failingCalls,
  failingUpstream,
  slowCalls,
  slowUpstream,
  stallFlood,
  stallSmallBacklog,
  verySlowUpstream,
} from "./upstream.ts";
import { hangAWorker, killWorkers, killWorkersOfAType, starveWorkers, stopService } from "./workers.ts";

export { failOneAcknowledgement } from "./acknowledgement.ts";
export type { ActiveFault } from "./fault.ts";
export type {
  AlertmanagerFaultContext,
  CommonFaultContext,
  FaultContext,
  RulesFaultContext,
  Stoppable,
} from "./faultContext.ts";
export { type ScrapeGate, startScrapeGate } from "./scrapeGate.ts";

/** A fault of the catalogue that can be injected. */
export type DrilledFaultId = Exclude<FaultId, "none">;

/** How each fault of the catalogue is injected. */
export const FAULT_INJECTIONS = {
  "revoke-ack": revokeAck,
  "flap-ack": flapAck,
  "stall-upstream-small-backlog": stallSmallBacklog,
  "stall-upstream-flood": stallFlood,
  "slow-upstream": slowUpstream,
  "very-slow-upstream": verySlowUpstream,
  "kill-workers": killWorkers,
  "stop-service": stopService,
  "starve-workers": starveWorkers,
  "failing-upstream": failingUpstream,
  "failing-calls": failingCalls,
  "slow-calls": slowCalls,
  "fill-redis": fillRedis,
  "lose-an-entry": loseAnEntry,
  "scale-type-to-zero": scaleTypeToZero,
  "kill-workers-of-a-type": killWorkersOfAType,
  "flap-service": flapService,
  "refuse-submissions": refuseSubmissions,
  "refuse-submissions-of-a-lane": refuseSubmissionsOfALane,
  "pause-with-an-old-task": pauseWithAnOldTask,
  "refuse-promotion": refusePromotion,
  "leave-bypass-on": leaveBypassOn,
  "refuse-redis-state": refuseRedisState,
  "hang-a-worker": hangAWorker,
  "hide-a-replica": hideAReplica,
  "fail-snapshots": failSnapshots,
  "revoke-webhook": revokeWebhook,
  "break-a-rule": breakARule,
  "break-alertmanager-configuration": breakAlertmanagerConfiguration,
} as const satisfies Readonly<Record<DrilledFaultId, InjectFault<FaultContext>>>;
