import { setTimeout as sleep } from "node:timers/promises";
import type { Answer, Client } from "./client.ts";
import type { QueueSight, ReplicaSight, TaskEvidence, TaskSight } from "./evidence.ts";
import { isBusy } from "./oracle.ts";
import { REPLICAS, type ReplicaIndex, type TaskPlan, TYPES } from "./schedule.ts";
import type { System } from "./system/system.ts";

const LOOK_INTERVAL_MS = 800;
const RESUBMIT_INTERVAL_MS = 250;
const TWICE_AFTER_MS = 300;
const PAGE = 500;

/** What the client of a task that was not accepted knows of it. */
export function noEvidence(): TaskEvidence {
  return { last: [], answers: [], disowned: false, acceptedTwice: false };
}

/**
 * Submits one task as its plan says. One with an id of its own is submitted until an answer says that it is accepted, any
 * other one once.
 *
 * @param run name of the run, unique for the system
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
    if (answer?.status === 202 || answer?.status === 200) {
      evidence.taskId = (answer.body as { task_id: string }).task_id;
      break;
    }
    if (!plan.chosenId) return;
    replica = other(replica);
    await sleep(RESUBMIT_INTERVAL_MS);
  }
  if (!plan.chosenId || !plan.twice || evidence.taskId === undefined) return;
  await sleep(TWICE_AFTER_MS);
  const again = await client.ask(other(replica), "/api/v1/tasks", body);
  evidence.answers.push(answerText(other(replica), again));
  evidence.acceptedTwice = again?.status === 202;
}

/** Submits a task of each type and lane to each replica, as a client of the recovered service. @returns what failed */
export async function probe(client: Client, run: string, deadlineMs: number): Promise<string[]> {
  const probes = REPLICAS.flatMap((replica) =>
    TYPES.flatMap((type) => [1, 20].map((priority) => ({ replica, type, priority }))),
  );
  const failures = await Promise.all(
    probes.map(async ({ replica, type, priority }, at) => {
      const id = `${run}-probe-${replica}-${type}-${priority}`;
      const body = { type, priority, payload: { run, task: -1 - at, shape: "fast", size: 0 }, task_id: id };
      let accepted: Answer | undefined;
      let last: Answer | undefined;
      while (performance.now() < deadlineMs) {
        if (accepted === undefined) {
          last = await client.ask(replica, "/api/v1/tasks", body);
          if (last?.status === 202 || last?.status === 200) accepted = last;
        } else {
          last = await client.ask(replica, `/api/v1/tasks/${id}`);
          if ((last?.body as { status?: string } | undefined)?.status === "completed") return [];
        }
        await sleep(RESUBMIT_INTERVAL_MS);
      }
      const step = accepted === undefined ? "was not accepted" : "was not completed";
      return [`${id} ${step} by replica ${replica}: ${JSON.stringify(last)}`];
    }),
  );
  return failures.flat();
}

/** Looks at all accepted tasks that have not ended, again and again, until it is aborted. */
export async function watch(client: Client, tasks: readonly TaskEvidence[], signal: AbortSignal): Promise<void> {
  for (let round = 0; !signal.aborted; round++) {
    await lookAtOpen(client, tasks, REPLICAS[round % REPLICAS.length] as ReplicaIndex);
    await sleep(LOOK_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** One look at every accepted task that has not been seen to end. @returns how many are left */
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

/** What one replica says about itself. */
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

/** True when a replica serves and nothing is left to do. */
export function isAtRest({ ready, inactiveTypes, queues, unaccountedMetric }: ReplicaSight): boolean {
  const quiet = queues?.every((queue) => !isBusy(queue) && queue.unaccounted === 0) ?? false;
  return ready && inactiveTypes.length === 0 && quiet && unaccountedMetric === 0;
}

/** Task ids of all dead letters; undefined where they cannot be read. */
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
  // Sizes, and not the sum: two mistakes must not cancel each other out.
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + Math.abs(value), 0);
}

function other(replica: ReplicaIndex): ReplicaIndex {
  return replica === 0 ? 1 : 0;
}
