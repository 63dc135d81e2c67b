import { setTimeout as sleep } from "node:timers/promises";
import { equalJitterMs } from "mcp-orchestrator/jitter";
import { until } from "../testkit/until.ts";
import type { Answer, Client } from "./client.ts";
import type { QueueSight, ReplicaSight, TaskEvidence, TaskSight } from "./evidence.ts";
import { isBusy } from "./oracle.ts";
import { REPLICAS, type ReplicaIndex, type TaskPlan, TYPES } from "./schedule.ts";
import type { System } from "./system/system.ts";

const LOOK_INTERVAL_MS = 800;
const PROBE_INTERVAL_MS = 250;
/** A client's pause before it submits again. */
const BACKOFF = { baseMs: 200, capMs: 2_000 };
const TWICE_AFTER_MS = 300;
const PAGE = 500;

/** What the client knows of a task that was not accepted. */
export function noEvidence(): TaskEvidence {
  return { last: [], answers: [], disowned: false, acceptedTwice: false };
}

/**
 * Submits one task as planned. One with an id of its own is submitted until it is accepted, with backoff; any other one
 * once.
 *
 * @param run name of the run, unique for the system
 * @param signal ends the submissions
 */
export async function submit(
  client: Client,
  run: string,
  plan: TaskPlan,
  number: number,
  evidence: TaskEvidence,
  signal: AbortSignal,
): Promise<void> {
  const body = {
    type: plan.type,
    priority: plan.express ? 20 : 1,
    payload: { run, task: number, shape: plan.shape, size: plan.size },
    ...(plan.delayMs === undefined ? {} : { delay_ms: plan.delayMs }),
    ...(plan.chosenId ? { task_id: `${run}-task-${number}` } : {}),
  };
  let replica = plan.replica;
  while (!signal.aborted) {
    const answer = await client.ask(replica, "/api/v1/tasks", body);
    evidence.answers.push(answerText(replica, answer));
    if (isAccepted(answer)) {
      evidence.taskId = (answer.body as { task_id: string }).task_id;
      break;
    }
    if (!plan.chosenId) return;
    replica = other(replica);
    await pause(equalJitterMs(evidence.answers.length, BACKOFF.baseMs, BACKOFF.capMs, Math.random), signal);
  }
  if (!plan.chosenId || !plan.twice || evidence.taskId === undefined) return;
  await pause(TWICE_AFTER_MS, signal);
  const again = await client.ask(other(replica), "/api/v1/tasks", body);
  evidence.answers.push(answerText(other(replica), again));
  evidence.acceptedTwice = again?.status === 202;
}

/** Submits a task of each type and lane to each replica, as a client after recovery. @returns what failed */
export async function probe(client: Client, run: string, deadlineMs: number, signal: AbortSignal): Promise<string[]> {
  const probes = REPLICAS.flatMap((replica) =>
    TYPES.flatMap((type) => [1, 20].map((priority) => ({ replica, type, priority }))),
  );
  const failures = await Promise.all(
    probes.map(async ({ replica, type, priority }, at) => {
      const id = `${run}-probe-${replica}-${type}-${priority}`;
      const body = { type, priority, payload: { run, task: -1 - at, shape: "fast", size: 0 }, task_id: id };
      const options = () => ({
        timeoutMs: deadlineMs - performance.now(),
        intervalMs: PROBE_INTERVAL_MS,
        signal,
      });
      try {
        await until(`replica ${replica} to accept ${id}`, options(), async () => {
          const answer = await client.ask(replica, "/api/v1/tasks", body);
          if (!isAccepted(answer)) throw new Error(answerText(replica, answer));
        });
        await until(`replica ${replica} to show ${id} completed`, options(), async () => {
          const answer = await client.ask(replica, `/api/v1/tasks/${id}`);
          const sight = sightOf(answer);
          if (typeof sight !== "object" || sight.status !== "completed") throw new Error(answerText(replica, answer));
        });
        return [];
      } catch (error) {
        signal.throwIfAborted();
        return [(error as Error).message];
      }
    }),
  );
  return failures.flat();
}

/** Looks up all accepted tasks that have not ended, until it is aborted. */
export async function watch(client: Client, tasks: readonly TaskEvidence[], signal: AbortSignal): Promise<void> {
  for (let round = 0; !signal.aborted; round++) {
    await lookAtOpen(client, tasks, REPLICAS[round % REPLICAS.length] as ReplicaIndex);
    await pause(LOOK_INTERVAL_MS, signal);
  }
}

/** Looks up each accepted task that has not ended. @returns how many are left */
export async function lookAtOpen(
  client: Client,
  tasks: readonly TaskEvidence[],
  replica: ReplicaIndex,
): Promise<number> {
  const open = tasks.filter(
    ({ taskId, firstEnd, disowned }) => taskId !== undefined && firstEnd === undefined && !disowned,
  );
  const ended = await Promise.all(
    open.map(async (task) => {
      const sight = sightOf(await client.ask(replica, `/api/v1/tasks/${task.taskId}`));
      if (sight === "unknown") task.disowned = true;
      if (typeof sight !== "object" || (sight.status !== "completed" && sight.status !== "failed")) return false;
      task.firstEnd = { ...sight, atMs: performance.timeOrigin + performance.now() };
      return true;
    }),
  );
  return ended.filter((end) => !end).length;
}

/** Asks both replicas about every accepted task. */
export async function lookAtLast(client: Client, tasks: readonly TaskEvidence[]): Promise<void> {
  for (const replica of REPLICAS) {
    await Promise.all(
      tasks.map(async (task) => {
        if (task.taskId === undefined) return;
        task.last.push(sightOf(await client.ask(replica, `/api/v1/tasks/${task.taskId}`)));
      }),
    );
  }
}

/** What one replica reports about itself. */
export async function lookAtReplica(client: Client, system: System, replica: ReplicaIndex): Promise<ReplicaSight> {
  const [ready, status, queues, metrics] = await Promise.all(
    ["/readyz", "/api/v1/workers/status", "/api/v1/queues", "/metrics"].map((path) => client.ask(replica, path)),
  );
  const types = (status?.body as { types?: { type: string; active: number }[] } | undefined)?.types;
  return {
    ready: ready?.status === 200,
    detail: JSON.stringify(ready?.body ?? "no answer"),
    inactiveTypes: types?.filter(({ active }) => active === 0).map(({ type }) => type) ?? ["all"],
    queues: queues?.status === 200 ? (queues.body as { queues: QueueSight[] }).queues.map(queueSight) : undefined,
    unaccountedMetric: sumOf(String(metrics?.body ?? ""), "mcp_tasks_unaccounted"),
    unexpectedEnds: system.replica(replica).unexpectedEnds,
  };
}

/** True if a replica is ready and has no work left. */
export function isAtRest({ ready, inactiveTypes, queues, unaccountedMetric }: ReplicaSight): boolean {
  const settled = queues?.every((queue) => !isBusy(queue) && queue.unaccounted === 0) ?? false;
  return ready && inactiveTypes.length === 0 && settled && unaccountedMetric === 0;
}

/** Task ids of all dead letters; undefined if they cannot be read. */
export async function deadLetters(client: Client): Promise<string[] | undefined> {
  const ids: string[] = [];
  let cursor = "";
  for (;;) {
    const answer = await client.ask(0, `/api/v1/dlq?limit=${PAGE}${cursor}`);
    if (answer?.status !== 200) return undefined;
    const page = answer.body as { items: { task_id: string }[]; next_cursor?: string };
    ids.push(...page.items.map(({ task_id }) => task_id));
    if (page.next_cursor === undefined) return ids;
    cursor = `&cursor=${page.next_cursor}`;
  }
}

/** Waits until the signal is aborted at the latest. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

function isAccepted(answer: Answer | undefined): answer is Answer {
  return answer?.status === 202 || answer?.status === 200;
}

function answerText(replica: ReplicaIndex, answer: Answer | undefined): string {
  return `replica ${replica}: ${answer === undefined ? "none" : `${answer.status} ${JSON.stringify(answer.body)}`}`;
}

function sightOf(answer: Answer | undefined): TaskSight | "unknown" | undefined {
  if (answer?.status === 404) return "unknown";
  if (answer?.status !== 200) return undefined;
  const { status, result, error, result_dropped } = answer.body as TaskSight & { readonly result_dropped?: true };
  return {
    status,
    ...(result === undefined ? {} : { result }),
    ...(result_dropped === undefined ? {} : { resultDropped: result_dropped }),
    ...(error === undefined ? {} : { error }),
  };
}

function queueSight({ stream, depth, pending, delayed, unaccounted }: QueueSight): QueueSight {
  return { stream, depth, pending, delayed, unaccounted };
}

function sumOf(exposition: string, metric: string): number | undefined {
  const values = exposition
    .split("\n")
    .filter((line) => line.startsWith(`${metric}{`))
    .map((line) => Number(line.slice(line.lastIndexOf(" "))));
  // Absolute values: two mistakes must not cancel each other out.
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + Math.abs(value), 0);
}

function other(replica: ReplicaIndex): ReplicaIndex {
  return replica === 0 ? 1 : 0;
}
