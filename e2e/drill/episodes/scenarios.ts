import { minutes, seconds } from "@mcp-orchestrator/alerts";
import { BUILT_IN_TYPES, LANES } from "mcp-orchestrator/contract";
import type { TaskType } from "../../services/load/load.ts";
import {
  everyType,
  loadAroundWork,
  loadOfRejections,
  loadThatMayPileUp,
  steadyLoad,
  without,
} from "../../services/load/rates.ts";
import {
  failingUpstream,
  fillRedis,
  flapAck,
  killWorkers,
  loseAnEntry,
  revokeAck,
  slowUpstream,
  stallFlood,
  stallSmallBacklog,
  starveWorkers,
  stopService,
  verySlowUpstream,
} from "../faults/index.ts";
import { ANY, type ExpectedAlert, type Instance } from "../judge/expectation.ts";
import type { Scenario } from "./scenario.ts";

/**
 * What follows from each fault, written by hand. Nothing here is taken from the rules, the routes or the inhibitions
 * that it judges. Every consequence that a fault has if only it lasts is waited for, so that the picture is the same
 * each time.
 */

const warning = (...instances: Instance[]): ExpectedAlert => ({ instances, receivers: ["slack-warnings"] });
const critical = (...instances: Instance[]): ExpectedAlert => ({ instances, receivers: ["slack-critical"] });
const page = (...instances: Instance[]): ExpectedAlert => ({ instances, receivers: ["pagerduty", "slack-critical"] });
const inhibited = (...instances: Instance[]): ExpectedAlert => ({ instances, receivers: [], inhibited: true });

const queue = (type: TaskType, lane: "express" | "regular"): Instance => ({
  queue: lane === "express" ? `mcp:queue:${type}:express` : `mcp:queue:${type}`,
  type,
  lane,
});
const everyLane: readonly Instance[] = BUILT_IN_TYPES.flatMap((type) => LANES.map((lane) => ({ type, lane })));
/** The types whose handlers call the chat API. */
const chatTypes: readonly Instance[] = [{ type: "reasoning" }, { type: "codegen" }];

/**
 * The nine alerts of the runbook, each by a real fault, NoActiveWorkers in both its forms; then those of the platform that
 * stay inhibited during another fault.
 */
export const SCENARIOS: readonly Scenario[] = [
  {
    id: "ack-revoked",
    alert: "HighACKFailureRate",
    fault: revokeAck,
    fixedByRunbook: true,
    load: loadThatMayPileUp,
    expectation: {
      HighACKFailureRate: critical(...everyLane),
      ACKSuccessRateDegradation: inhibited(...everyLane),
    },
    fillMs: seconds(15),
    // Three attempts with their pauses.
    reactionMs: 1_000,
    drainMs: minutes(5),
    traces: "acknowledgements",
  },
  {
    id: "ack-flapping",
    alert: "ACKSuccessRateDegradation",
    fault: flapAck,
    load: steadyLoad,
    expectation: { ACKSuccessRateDegradation: warning({ type: "reasoning", lane: "express" }) },
    fillMs: seconds(75),
    drainMs: minutes(5),
    traces: "acknowledgements",
  },
  {
    id: "lag",
    alert: "HighConsumerLag",
    fault: stallSmallBacklog,
    load: (profile) => without(steadyLoad(profile), "ml"),
    expectation: { HighConsumerLag: warning(queue("ml", "regular")) },
    fillMs: 0,
    drainMs: seconds(15),
  },
  {
    id: "depth",
    alert: "QueueDepthSpike",
    fault: stallFlood,
    // The flood is drained at the end.
    load: (profile) => without(loadAroundWork(profile), "ml"),
    expectation: {
      QueueDepthSpike: critical(queue("ml", "regular")),
      HighConsumerLag: { ...inhibited(queue("ml", "regular")), outlives: "QueueDepthSpike" },
    },
    fillMs: 0,
    drainMs: seconds(30),
  },
  {
    id: "latency-high",
    alert: "ExpressLatencyHigh",
    fault: slowUpstream,
    load: steadyLoad,
    expectation: { ExpressLatencyHigh: warning(...chatTypes) },
    fillMs: seconds(30),
    drainMs: minutes(5),
  },
  {
    id: "latency-critical",
    alert: "ExpressLatencyCritical",
    fault: verySlowUpstream,
    load: steadyLoad,
    expectation: {
      ExpressLatencyCritical: critical(...chatTypes),
      ExpressLatencyHigh: inhibited(...chatTypes),
    },
    fillMs: seconds(60),
    drainMs: minutes(5),
  },
  {
    id: "crashes",
    alert: "WorkerCrashRateHigh",
    fault: killWorkers,
    // The other replica's worker of each type is left alone.
    replicas: 2,
    // What a killed worker had in flight is taken over a minute later: a slow express lane, and not what this is about.
    load: (profile) => ({ regular: steadyLoad(profile).regular ?? {} }),
    expectation: { WorkerCrashRateHigh: critical({}) },
    // One crash a second is twice the threshold: half of the window has to fill, and to run empty.
    fillMs: minutes(2.5),
    drainMs: minutes(2.5),
    startsProcesses: true,
  },
  {
    id: "service-stopped",
    alert: "NoActiveWorkers",
    fault: stopService,
    runbooks: ["NoActiveWorkers", "OrchestratorTargetDown"],
    fixedByRunbook: true,
    load: loadAroundWork,
    expectation: { NoActiveWorkers: page({}), OrchestratorTargetDown: inhibited({ instance: ANY }) },
    fillMs: seconds(15),
    // What is in flight is finished first; seven processes start afterwards.
    reactionMs: 1_000,
    recoveryMs: 6_000,
    drainMs: seconds(15),
    startsProcesses: true,
  },
  {
    id: "workers-starved",
    alert: "NoActiveWorkers",
    fault: starveWorkers,
    fixedByRunbook: true,
    load: () => ({ regular: everyType(0.5) }),
    expectation: { NoActiveWorkers: page({}) },
    fillMs: 0,
    // A worker counts as active until its last successful poll is older than a poll may take, time-out included.
    reactionMs: 3_800,
    drainMs: seconds(60),
  },
  {
    id: "failures",
    alert: "TaskFailureRateHigh",
    fault: failingUpstream,
    runbooks: ["TaskFailureRateHigh", "DeadLetterQueueGrowing"],
    load: loadOfRejections,
    expectation: { TaskFailureRateHigh: warning(...chatTypes), DeadLetterQueueGrowing: warning({}) },
    fillMs: seconds(60),
    // Two tasks that end, and one turn of what counts them.
    reactionMs: 1_000,
    drainMs: minutes(5),
  },
  {
    id: "replica-stopped",
    alert: "OrchestratorTargetDown",
    fault: stopService,
    // The other one keeps NoActiveWorkers, which would inhibit it, quiet.
    replicas: 2,
    load: loadAroundWork,
    expectation: { OrchestratorTargetDown: warning({ instance: ANY }) },
    fillMs: seconds(15),
    reactionMs: 1_000,
    recoveryMs: 6_000,
    drainMs: seconds(15),
    startsProcesses: true,
  },
  {
    id: "memory",
    alert: "RedisMemoryHigh",
    fault: fillRedis,
    load: steadyLoad,
    expectation: { RedisMemoryHigh: warning({}) },
    fillMs: 0,
    drainMs: seconds(15),
  },
  {
    id: "unaccounted",
    alert: "TasksUnaccounted",
    fault: loseAnEntry,
    load: (profile) => without(steadyLoad(profile), "ml"),
    expectation: { TasksUnaccounted: critical({ type: "ml", lane: "regular" }) },
    fillMs: 0,
    drainMs: seconds(15),
  },
];
