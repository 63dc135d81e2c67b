import type { Keys } from "../../keys.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { Script } from "../../redis/script.ts";
import { readPaused } from "../controls.ts";
import type { TaskView } from "../task.ts";
import { type Found, TaskLookup, viewOf } from "./lookup.ts";

const script = new Script("ahead");

/** Position in a queue is counted up to here. */
const MAX_AHEAD = 1_000;

/** Why a task is where it is. */
export type TaskExplanation = {
  readonly task: TaskView;
  /** One sentence that answers "why is it not running?", or says what it does. */
  readonly summary: string;
  /** Entries that will be delivered first; `atLeast` when there are more than were counted. */
  readonly ahead?: { readonly count: number; readonly atLeast: boolean };
  /** Consumer that has it. */
  readonly owner?: {
    readonly consumer: string;
    readonly idleMs: number;
    readonly deliveries: number;
    /** Age of the consumer's last heartbeat; absent when it has none. */
    readonly heartbeatAgeMs?: number;
  };
  /** True while an operator has paused its type. */
  readonly paused: boolean;
};

/** Explains the state of single tasks. */
export class TaskExplainer {
  readonly #redis: RedisClient;
  readonly #keys: Keys;
  readonly #lookup: TaskLookup;

  constructor(redis: RedisClient, keys: Keys, types: readonly string[]) {
    this.#redis = redis;
    this.#keys = keys;
    this.#lookup = new TaskLookup(redis, keys, types);
  }

  /** Undefined when there is no task of this id. */
  async explain(taskId: string): Promise<TaskExplanation | undefined> {
    const found = await this.#lookup.locate(taskId);
    if (found === undefined) return undefined;
    const paused = await readPaused(this.#redis, this.#keys, found.queue.type);
    const task = viewOf(taskId, found);
    const { pending } = found.entry ?? {};
    if (pending !== undefined) {
      const { heartbeatAtMs } = found.entry ?? {};
      const heartbeatAgeMs = heartbeatAtMs === undefined ? undefined : Math.max(0, found.nowMs - heartbeatAtMs);
      const owner = { ...pending, ...(heartbeatAgeMs === undefined ? {} : { heartbeatAgeMs }) };
      return { task, summary: ownerSummary(owner, paused), owner, paused };
    }
    if (found.entry === undefined) return { task, summary: recordSummary(task, found.nowMs), paused };
    const ahead = await this.#ahead(found);
    return { task, summary: queuedSummary(task, ahead, paused), ahead, paused };
  }

  async #ahead({ entry, queue }: Found): Promise<{ count: number; atLeast: boolean }> {
    const args = [entry?.lastDeliveredId || "0-0", entry?.id ?? "", MAX_AHEAD];
    const count = await script.run<number>(this.#redis, [queue.stream], args);
    return { count, atLeast: count >= MAX_AHEAD };
  }
}

function ownerSummary(owner: NonNullable<TaskExplanation["owner"]>, paused: boolean): string {
  const { consumer, idleMs, deliveries, heartbeatAgeMs } = owner;
  const alive =
    heartbeatAgeMs === undefined
      ? "which has sent no heartbeat yet"
      : `whose last heartbeat is ${Math.round(heartbeatAgeMs / 1000)} s old`;
  const held = paused ? " Its type is paused: it is held back." : "";
  return `Delivered ${deliveries} time(s), to ${consumer}, ${alive}; touched ${Math.round(idleMs / 1000)} s ago.${held}`;
}

function recordSummary(task: TaskView, nowMs: number): string {
  if (task.status === "completed") return "Completed.";
  if (task.status === "failed") return `In the dead letter queue as ${task.deadLetterId}: ${task.error?.message ?? ""}`;
  const leftMs = Math.max(0, (task.dueAtMs ?? nowMs) - nowMs);
  const why =
    task.status === "retrying" ? `after ${task.attempts} attempt(s) (${task.error?.message ?? ""})` : "as asked";
  return `Waits ${leftMs} ms more ${why}.`;
}

function queuedSummary(task: TaskView, ahead: { count: number; atLeast: boolean }, paused: boolean): string {
  const position = `${ahead.atLeast ? "at least " : ""}${ahead.count} task(s) ahead of it in ${task.lane}`;
  return paused ? `Its type is paused; ${position}.` : `Waits for a free worker: ${position}.`;
}
