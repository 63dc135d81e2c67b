import type { Evidence, QueueSight, TaskEvidence, TaskSight } from "./evidence.ts";
import {
  alwaysFails,
  describeFault,
  type Fault,
  type FaultKind,
  MOST_DEATHS,
  type TaskPlan,
  takesWorkerDown,
} from "./schedule.ts";

/** Kinds of violations. */
const VIOLATIONS = [
  "lost",
  "unfinished",
  "changed",
  "wronglyFailed",
  "wronglyCompleted",
  "wrongResult",
  "forged",
  "endedTwice",
  "acceptedTwice",
  "repeated",
  "unaccounted",
  "notDrained",
  "notReady",
  "notServing",
  "processEnded",
  "notRun",
] as const;
type ViolationKind = (typeof VIOLATIONS)[number];
export type Violation = { readonly kind: ViolationKind; readonly detail: string };

/** Settings of the system under test that decide how often at-least-once may run a task. */
export type Limits = {
  /** Tasks that a worker runs at a time. */
  readonly concurrency: number;
  /** Types of tasks; each replica has one worker of each. */
  readonly types: number;
};

const FINAL: ReadonlySet<string> = new Set(["completed", "failed"]);

/**
 * Judges a run by what was seen from outside.
 *
 * @returns every broken promise
 */
export function judge(evidence: Evidence, limits: Limits): Violation[] {
  const { schedule, tasks } = evidence;
  return [
    ...tasks.flatMap((task, number) => judgeTask(number, schedule.tasks[number] as TaskPlan, task, evidence)),
    ...judgeRepeats(evidence, limits),
    ...judgeRest(evidence),
  ];
}

function judgeTask(number: number, plan: TaskPlan, task: TaskEvidence, evidence: Evidence): Violation[] {
  const { taskId, firstEnd } = task;
  if (taskId === undefined) return [];
  const name = `task ${number} (${plan.type} ${plan.shape} ${plan.size}, ${taskId})`;
  const found: Violation[] = [];
  const report = (kind: ViolationKind, detail: string) => found.push({ kind, detail: `${name}: ${detail}` });
  if (task.acceptedTwice) report("acceptedTwice", task.answers.join(", then "));
  if (task.disowned || task.last.includes("unknown")) {
    report("lost", "the service accepted it and later does not know it");
    return found;
  }
  const states = task.last.filter((sight) => typeof sight === "object");
  const open = states.find(({ status }) => !FINAL.has(status));
  if (states.length === 0 || open !== undefined) {
    report("unfinished", `it is ${open?.status ?? "not shown"} in the end`);
    return found;
  }
  const changed = states.find(({ status, result }) => status !== firstEnd?.status || !same(result, firstEnd.result));
  if (firstEnd !== undefined && changed !== undefined) {
    report("changed", `first ${JSON.stringify(firstEnd)}, then ${JSON.stringify(changed)}`);
  }
  const [end] = states;
  const deaths = evidence.deadLetters?.filter((id) => id === taskId).length;
  if (end?.status === "completed") {
    if (alwaysFails(plan.shape)) report("wronglyCompleted", "its handler never completes it");
    else if (!hasResult(end, number, evidence)) {
      report("wrongResult", `its result is ${JSON.stringify(end.result)}`);
    }
    const ended = evidence.executions.some(({ task: of, event }) => of === number && event === "ok");
    if (!ended) report("forged", "it is completed, and its handler never was");
    if (deaths !== undefined && deaths > 0) report("endedTwice", `it is completed and has ${deaths} dead letters`);
  } else if (end?.status === "failed") {
    if (!alwaysFails(plan.shape)) report("wronglyFailed", JSON.stringify(end.error));
    if (deaths !== undefined && deaths !== 1) report("endedTwice", `it failed and has ${deaths} dead letters`);
  }
  return found;
}

/** True for the task's own result, and for a reported drop while Redis was full. */
function hasResult({ result, resultDropped }: TaskSight, number: number, { schedule }: Evidence): boolean {
  if (resultDropped) return result === undefined && schedule.faults.some(({ kind }) => kind === "outOfMemory");
  return (result as { task?: unknown } | null | undefined)?.task === number;
}

/** An attempt runs once, unless a fault may have interrupted it or hidden its end. */
function judgeRepeats({ schedule, executions }: Evidence, limits: Limits): Violation[] {
  const allowed = allowedRepeats(schedule.faults, schedule.tasks, limits);
  const runs = new Map<string, number>();
  for (const { event, task, attempt } of executions) {
    // An attempt that an open circuit breaker deferred does not count.
    const count = event === "start" ? 1 : event === "held" ? -1 : 0;
    const key = `${task} attempt ${attempt}`;
    runs.set(key, (runs.get(key) ?? 0) + count);
  }
  const repeated = [...runs].filter(([, times]) => times > 1);
  const extra = repeated.reduce((sum, [, times]) => sum + times - 1, 0);
  if (extra <= allowed) return [];
  const which = repeated.map(([key, times]) => `${key}: ${times} times`).join(", ");
  return [{ kind: "repeated", detail: `${extra} executions too many, where ${allowed} can be explained: ${which}` }];
}

/** How many repeated executions at-least-once allows in a schedule. */
export function allowedRepeats(
  faults: readonly Pick<Fault, "kind">[],
  tasks: readonly Pick<TaskPlan, "shape">[],
  limits: Limits,
): number {
  const crashers = tasks.filter(takesWorkerDown).length;
  const ofFaults = faults.reduce((sum, { kind }) => sum + workersCutOff(kind, limits.types), 0);
  return (ofFaults + crashers * MOST_DEATHS) * limits.concurrency;
}

/** Workers that a fault may end, or separate from their entries, while they run tasks. */
function workersCutOff(kind: FaultKind, types: number): number {
  switch (kind) {
    case "killWorker":
    case "stopWorker":
      return 1;
    case "scale":
      return 3;
    case "killMain":
    case "stopMain":
    case "restartMain":
      return types;
    case "killRedis":
    case "stopRedis":
    case "busyRedis":
    case "demote":
    case "failover":
    case "noReplicas":
    case "revoke":
    case "link":
      // Meanwhile the leases of both replicas expire.
      return types * 2;
    case "killSentinel":
    case "clock":
    case "outOfMemory":
    case "killClients":
    case "flushScripts":
    case "upstream":
    case "pause":
    case "rateLimit":
    case "bypass":
      return 0;
  }
}

function judgeRest(evidence: Evidence): Violation[] {
  const found: Violation[] = [];
  const { drainedAfterMs, boundMs, replicas, failedProbes } = evidence;
  const late = drainedAfterMs === undefined;
  const after = `${boundMs} ms after the last fault (${evidence.schedule.faults.map(describeFault).join("; ")})`;
  if (evidence.deadLetters === undefined) {
    found.push({ kind: "notServing", detail: `${after}: the dead letters cannot be read` });
  }
  for (const probe of failedProbes) found.push({ kind: "notServing", detail: `${after}: ${probe}` });
  for (const [index, replica] of replicas.entries()) {
    const name = `replica ${index}`;
    for (const end of replica.unexpectedEnds) found.push({ kind: "processEnded", detail: `${name} ${end}` });
    if (late && (!replica.ready || replica.inactiveTypes.length > 0)) {
      const detail = `${name}: ${replica.detail}; inactive: ${replica.inactiveTypes.join(", ") || "none"}`;
      found.push({ kind: "notReady", detail: `${after}: ${detail}` });
    }
    if (replica.queues === undefined) {
      found.push({ kind: "notServing", detail: `${after}: ${name} does not show its queues` });
      continue;
    }
    const left = replica.queues.filter(isBusy);
    if (left.length > 0) found.push({ kind: "notDrained", detail: `${after}: ${JSON.stringify(left)}` });
    const off = replica.queues.filter(({ unaccounted }) => unaccounted !== 0);
    if (off.length > 0 || replica.unaccountedMetric !== 0) {
      const detail = `${name}: ${JSON.stringify(off)}, mcp_tasks_unaccounted ${replica.unaccountedMetric}`;
      found.push({ kind: "unaccounted", detail });
    }
  }
  return found;
}

/** True if a queue has waiting, running or delayed tasks. */
export function isBusy({ depth, pending, delayed }: QueueSight): boolean {
  return depth > 0 || pending > 0 || delayed > 0;
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
