import { type AlertName, alertNamed, minutes, seconds } from "@mcp-orchestrator/alerts";
import { BUILT_IN_TYPES, LANES } from "mcp-orchestrator/contract";
import type { TaskType } from "../../services/load/load.ts";
import {
  CHAT_TYPES,
  everyType,
  loadAroundWork,
  loadOfMany,
  loadOfRareTasks,
  loadOfRejections,
  loadThatMayPileUp,
  steadyLoad,
  without,
} from "../../services/load/rates.ts";
import { ANY, type ExpectedAlert, type Instance } from "../judge/expectation.ts";
import type { Scenario } from "./scenario.ts";

/**
 * The consequences of each fault, written by hand. Nothing here is taken from the rules, routes or inhibitions that it
 * judges. An episode waits for every consequence, so that the result is the same each time.
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
const everyTypeOf: readonly Instance[] = BUILT_IN_TYPES.map((type) => ({ type }));
const chatTypes: readonly Instance[] = CHAT_TYPES.map((type) => ({ type }));

/** How long a window of five minutes takes to have a share of failures, if all fail and some seconds are lost. */
const untilShare = (share: number, lostSeconds: number) => minutes(5 * share) + seconds(lostSeconds);

/**
 * The nine alerts of the runbook, each by a real fault, NoActiveWorkers in both forms; then the other alerts.
 *
 * @param limit the threshold of an alert
 */
const all = (limit: (alert: AlertName) => number) =>
  [
    {
      id: "ack-revoked",
      alert: "HighACKFailureRate",
      fault: "revoke-ack",
      fixedByRunbook: true,
      load: loadThatMayPileUp,
      expectation: {
        HighACKFailureRate: critical(...everyLane),
        ACKSuccessRateDegradation: inhibited(...everyLane),
      },
      fillMs: untilShare(limit("HighACKFailureRate"), 12),
      // Three attempts with pauses.
      reactionMs: 1_000,
      drainMs: minutes(5),
      traces: "acknowledgements",
    },
    {
      id: "ack-flapping",
      alert: "ACKSuccessRateDegradation",
      fault: "flap-ack",
      load: steadyLoad,
      expectation: { ACKSuccessRateDegradation: warning({ type: "reasoning", lane: "express" }) },
      // Nearly every second attempt fails.
      fillMs: untilShare(2.2 * (1 - limit("ACKSuccessRateDegradation")), 68.4),
      drainMs: minutes(5),
      traces: "acknowledgements",
    },
    {
      id: "lag",
      alert: "HighConsumerLag",
      fault: "stall-upstream-small-backlog",
      load: (profile) => without(steadyLoad(profile), "ml"),
      expectation: { HighConsumerLag: warning(queue("ml", "regular")) },
      fillMs: 0,
      drainMs: seconds(15),
    },
    {
      id: "depth",
      alert: "QueueDepthSpike",
      fault: "stall-upstream-flood",
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
      fault: "slow-upstream",
      load: steadyLoad,
      expectation: {
        ExpressLatencyHigh: warning(...chatTypes),
        // Answers take 0.1 s longer than the threshold of the other.
        ...(limit("ExpressWaitHigh") < limit("ExpressLatencyHigh") + 0.1
          ? { ExpressWaitHigh: inhibited(...chatTypes) }
          : {}),
      },
      fillMs: seconds(30),
      drainMs: minutes(5),
    },
    {
      id: "latency-critical",
      alert: "ExpressLatencyCritical",
      fault: "very-slow-upstream",
      load: steadyLoad,
      expectation: {
        ExpressLatencyCritical: critical(...chatTypes),
        ExpressLatencyHigh: inhibited(...chatTypes),
        ExpressWaitHigh: inhibited(...chatTypes),
      },
      fillMs: seconds(60),
      drainMs: minutes(5),
    },
    {
      id: "crashes",
      alert: "WorkerCrashRateHigh",
      fault: "kill-workers",
      // The other replica's worker of each type is left alone.
      replicas: 2,
      // What a killed worker had in flight is claimed a minute later, so express tasks are slow.
      load: (profile) => ({ regular: steadyLoad(profile).regular ?? {} }),
      expectation: { WorkerCrashRateHigh: critical({}) },
      // One crash a second is twice the threshold: half of the window has to fill and to empty.
      fillMs: minutes(2.5),
      drainMs: minutes(2.5),
      startsProcesses: true,
    },
    {
      id: "service-stopped",
      alert: "NoActiveWorkers",
      fault: "stop-service",
      runbooks: ["NoActiveWorkers", "OrchestratorTargetDown"],
      fixedByRunbook: true,
      load: loadAroundWork,
      expectation: {
        NoActiveWorkers: page({}),
        OrchestratorTargetDown: inhibited({ instance: ANY }),
        ReplicasMissing: inhibited({}),
      },
      fillMs: seconds(15),
      // Tasks in flight are finished first; then seven processes start.
      reactionMs: 1_000,
      recoveryMs: 6_000,
      drainMs: seconds(15),
      startsProcesses: true,
    },
    {
      id: "workers-starved",
      alert: "NoActiveWorkers",
      fault: "starve-workers",
      fixedByRunbook: true,
      load: () => ({ regular: everyType(0.5) }),
      expectation: {
        NoActiveWorkers: page({}),
        // It expects a worker of each type, and the first worker of any type ends the other alert.
        TypeWithoutWorkers: { ...inhibited(...everyTypeOf), outlives: "NoActiveWorkers" },
        WorkersMissing: inhibited(...everyTypeOf),
      },
      fillMs: 0,
      // A worker counts as active until its last successful poll is older than a poll may take, timeout included.
      reactionMs: 3_800,
      drainMs: seconds(60),
    },
    {
      id: "failures",
      alert: "TaskFailureRateHigh",
      fault: "failing-upstream",
      runbooks: ["TaskFailureRateHigh", "DeadLetterQueueGrowing"],
      load: loadOfRejections,
      expectation: { TaskFailureRateHigh: warning(...chatTypes), DeadLetterQueueGrowing: warning({}) },
      fillMs: untilShare(limit("TaskFailureRateHigh"), 45),
      // Two tasks that end, and one round of accounting.
      reactionMs: 1_000,
      drainMs: minutes(5),
    },
    {
      id: "replica-stopped",
      alert: "OrchestratorTargetDown",
      fault: "stop-service",
      // The other replica keeps NoActiveWorkers, which would inhibit it, from firing.
      replicas: 2,
      load: loadAroundWork,
      expectation: { OrchestratorTargetDown: warning({ instance: ANY }), ReplicasMissing: inhibited({}) },
      fillMs: seconds(15),
      reactionMs: 1_000,
      recoveryMs: 6_000,
      drainMs: seconds(15),
      startsProcesses: true,
    },
    {
      id: "memory",
      alert: "RedisMemoryHigh",
      fault: "fill-redis",
      load: steadyLoad,
      expectation: { RedisMemoryHigh: warning({}) },
      fillMs: 0,
      drainMs: seconds(15),
    },
    {
      id: "unaccounted",
      alert: "TasksUnaccounted",
      fault: "lose-an-entry",
      load: (profile) => without(steadyLoad(profile), "ml"),
      expectation: { TasksUnaccounted: critical({ type: "ml", lane: "regular" }) },
      fillMs: 0,
      drainMs: seconds(15),
    },
    {
      id: "type-scaled-to-zero",
      alert: "TypeWithoutWorkers",
      fault: "scale-type-to-zero",
      fixedByRunbook: true,
      load: (profile) => without(loadAroundWork(profile), "ml"),
      expectation: { TypeWithoutWorkers: critical({ type: "ml" }) },
      fillMs: 0,
      // A worker finishes what is in flight; another one starts.
      reactionMs: 1_000,
      recoveryMs: 6_000,
      drainMs: seconds(15),
    },
    {
      id: "crashes-of-a-type",
      alert: "WorkerCrashesPersist",
      fault: "kill-workers-of-a-type",
      // The other replica's worker is left alone.
      replicas: 2,
      load: (profile) => ({ regular: steadyLoad(profile).regular ?? {} }),
      expectation: { WorkerCrashesPersist: warning({ type: "ml" }) },
      fillMs: seconds(30),
      // The first crash, and the next if the first one came before the counter was scraped.
      reactionMs: 5_000,
      // Until the last crash has left the window.
      drainMs: minutes(15),
      startsProcesses: true,
    },
    {
      id: "service-flapping",
      alert: "ServiceUnstable",
      fault: "flap-service",
      load: loadAroundWork,
      expectation: { ServiceUnstable: critical({}) },
      // NoActiveWorkers may have fired at the start of the stack, which silences this alert for a whole window.
      fillMs: minutes(30),
      drainMs: minutes(30),
    },
    {
      id: "submissions-refused",
      alert: "SubmissionsFailing",
      fault: "refuse-submissions",
      fixedByRunbook: true,
      load: steadyLoad,
      expectation: { SubmissionsFailing: critical({}) },
      fillMs: untilShare(limit("SubmissionsFailing"), 30),
      drainMs: minutes(5),
    },
    {
      id: "submissions-of-a-lane-refused",
      alert: "TypeSubmissionsFailing",
      fault: "refuse-submissions-of-a-lane",
      fixedByRunbook: true,
      load: steadyLoad,
      expectation: { TypeSubmissionsFailing: critical({ type: "ml", lane: "regular" }) },
      // Refused for a window of five minutes, so that it goes on.
      fillMs: minutes(5) + seconds(30),
      drainMs: minutes(5),
    },
    {
      id: "paused-with-an-old-task",
      alert: "OldestTaskTooOld",
      fault: "pause-with-an-old-task",
      fixedByRunbook: true,
      load: (profile) => without(steadyLoad(profile), "ml"),
      expectation: { OldestTaskTooOld: warning(queue("ml", "regular")) },
      fillMs: 0,
      // A worker notices a pause at the next poll and reports it with the next heartbeat.
      reactionMs: 2_000,
      recoveryMs: 3_000,
      drainMs: seconds(15),
    },
    {
      id: "promotion-refused",
      alert: "RetriesOverdue",
      fault: "refuse-promotion",
      fixedByRunbook: true,
      load: (profile) => without(steadyLoad(profile), "ml"),
      expectation: { RetriesOverdue: warning({ type: "ml", lane: "regular" }) },
      fillMs: 0,
      recoveryMs: 1_000,
      drainMs: seconds(15),
    },
    {
      id: "bypass-left-on",
      alert: "SwitchLeftOn",
      fault: "leave-bypass-on",
      fixedByRunbook: true,
      load: loadAroundWork,
      expectation: { SwitchLeftOn: warning({ override: "express_bypass" }) },
      fillMs: 0,
      drainMs: seconds(15),
    },
    {
      id: "redis-state-refused",
      alert: "RedisStateUnknown",
      fault: "refuse-redis-state",
      fixedByRunbook: true,
      load: steadyLoad,
      expectation: { RedisStateUnknown: critical({}) },
      fillMs: 0,
      drainMs: seconds(15),
    },
    {
      id: "worker-hangs",
      alert: "WorkersMissing",
      fault: "hang-a-worker",
      // The other replica's worker works on.
      replicas: 2,
      load: (profile) => ({ regular: steadyLoad(profile).regular ?? {} }),
      expectation: { WorkersMissing: warning({ type: "ml" }) },
      fillMs: 0,
      // As for a worker that reads nothing.
      reactionMs: 3_800,
      recoveryMs: 3_000,
      drainMs: seconds(15),
    },
    {
      id: "replica-hidden",
      alert: "ReplicasMissing",
      fault: "hide-a-replica",
      replicas: 2,
      load: loadAroundWork,
      expectation: { ReplicasMissing: warning({}) },
      fillMs: 0,
      // Prometheus reloads its configuration, and looks for the targets that it lists.
      reactionMs: 6_000,
      recoveryMs: 6_000,
      drainMs: seconds(15),
    },
    {
      id: "rare-tasks-slow",
      alert: "ExpressWaitHigh",
      fault: "very-slow-upstream",
      runbooks: ["ExpressWaitHigh"],
      load: loadOfRareTasks,
      expectation: { ExpressWaitHigh: warning(...chatTypes) },
      // The first task.
      fillMs: minutes(5),
      reactionMs: 1_000,
      drainMs: minutes(15),
    },
    {
      id: "budget-of-rare-tasks",
      alert: "ExpressBudgetBurnsFast",
      fault: "very-slow-upstream",
      budgets: "fast",
      load: loadOfRareTasks,
      expectation: {
        ExpressBudgetBurnsFast: critical(...chatTypes),
        // A warning, so that it does not inhibit the other.
        ExpressWaitHigh: warning(...chatTypes),
      },
      // Ten tasks, one every four minutes.
      fillMs: minutes(45),
      reactionMs: 1_000,
      drainMs: minutes(30),
    },
    {
      id: "budget-of-failures",
      alert: "SuccessBudgetBurnsFast",
      fault: "failing-upstream",
      budgets: "fast",
      load: loadOfRejections,
      expectation: {
        SuccessBudgetBurnsFast: critical(...chatTypes),
        TaskFailureRateHigh: warning(...chatTypes),
        DeadLetterQueueGrowing: warning({}),
      },
      fillMs: minutes(5),
      reactionMs: 1_000,
      drainMs: minutes(30),
    },
    {
      id: "budget-of-slow-calls",
      alert: "ExpressBudgetBurnsSlowly",
      fault: "slow-calls",
      budgets: "slowly",
      load: loadOfMany,
      expectation: { ExpressBudgetBurnsSlowly: warning({ type: "reasoning" }) },
      // Ten of 400 tasks.
      fillMs: minutes(45),
      reactionMs: 1_000,
      // Six hours, shortened.
      drainMs: minutes(60),
    },
    {
      id: "budget-of-failing-calls",
      alert: "SuccessBudgetBurnsSlowly",
      fault: "failing-calls",
      budgets: "slowly",
      load: loadOfMany,
      expectation: { SuccessBudgetBurnsSlowly: warning({ type: "reasoning" }) },
      fillMs: minutes(45),
      reactionMs: 1_000,
      drainMs: minutes(60),
    },
    {
      id: "snapshots-fail",
      alert: "RedisNotDurable",
      fault: "fail-snapshots",
      // Commands in the container of Redis and forks are work.
      load: loadAroundWork,
      expectation: { RedisNotDurable: warning({ kind: "rdb" }) },
      fillMs: 0,
      // A snapshot, at the end another one.
      reactionMs: 2_000,
      recoveryMs: 2_000,
      drainMs: seconds(15),
    },
    {
      id: "webhook-revoked",
      alert: "NotificationsFailing",
      fault: "revoke-webhook",
      load: loadAroundWork,
      expectation: { NotificationsFailing: { instances: [{ integration: "slack" }], receivers: ["pagerduty"] } },
      // The first notification and those that the threshold asks for; what counts them is scraped once a minute.
      fillMs: minutes(1.5 + 5 * (limit("NotificationsFailing") - 1) + 1),
      drainMs: minutes(15 + 1),
    },
    {
      id: "rule-broken",
      alert: "RuleEvaluationFailing",
      fault: "break-a-rule",
      load: loadAroundWork,
      expectation: { RuleEvaluationFailing: critical({ rule_group: ANY }) },
      fillMs: minutes(1),
      reactionMs: 1_000,
      drainMs: minutes(7 + 1),
    },
    {
      id: "alertmanager-configuration-broken",
      alert: "ConfigurationReloadFailed",
      fault: "break-alertmanager-configuration",
      load: loadAroundWork,
      expectation: { ConfigurationReloadFailed: warning({ job: "alertmanager" }) },
      fillMs: minutes(1),
      reactionMs: 1_000,
      drainMs: minutes(1),
    },
  ] as const satisfies readonly Scenario[];

/** @param limit the threshold of an alert */
export const scenariosFor: (limit: (alert: AlertName) => number) => readonly Scenario[] = all;
/** The scenarios by the thresholds in force. */
export const SCENARIOS = scenariosFor((alert) => alertNamed(alert).threshold.value);
export type ScenarioId = ReturnType<typeof all>[number]["id"];
