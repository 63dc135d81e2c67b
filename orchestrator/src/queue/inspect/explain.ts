import type { Keys } from "../../keys.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { Script } from "../../redis/script.ts";
import { readPaused } from "../switches.ts";
import type { TaskView } from "../task.ts";
import { type Found, TaskLookup, viewOf } from "./lookup.ts";

const script = new Script("ahead");

/** Limit up to which entries ahead are counted. */
const MAX_AHEAD = 1_000;

/** The state of a task and the reason for it. */
export type TaskExplanation = {
  readonly task: TaskView;
  /** One sentence that explains why the task does not run, or what it does. */
  readonly summary: string;
  /** Entries that are delivered before this one; `atLeast` if the count reached its limit. */
  readonly ahead?: { readonly count: number; readonly atLeast: boolean };
  /** Consumer that has the entry. */
  readonly owner?: {
    readonly consumer: string;
    readonly idleMs: number;
    readonly deliveries: number;
    /** Age of the last heartbeat of the consumer; absent if it has none. */
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

  /** Undefined if there is no task with this id. */
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
  const heartbeat =
    heartbeatAgeMs === undefined ? "no heartbeat yet" : `last heartbeat ${Math.round(heartbeatAgeMs / 1000)} s ago`;
  const pause = paused ? " Its type is paused, so it may wait there." : "";
  return `Delivered ${deliveries} time(s). ${consumer} has it (${heartbeat}); idle for ${Math.round(idleMs / 1000)} s.${pause}`;
}

function recordSummary(task: TaskView, nowMs: number): string {
  if (task.status === "completed") return "Completed.";
  if (task.status === "failed") {
    const { deadLetterId, error } = task;
    const where = deadLetterId === undefined ? "Failed and discarded" : `In the dead letter queue as ${deadLetterId}`;
    return `${where}: ${error?.message ?? ""}`;
  }
  const leftMs = Math.max(0, (task.dueAtMs ?? nowMs) - nowMs);
  const why =
    task.status === "retrying"
      ? `The next attempt follows after ${task.attempts} failed attempt(s): ${task.error?.message ?? ""}`
      : "The client requested the delay.";
  return `Starts in ${leftMs} ms. ${why}`;
}

function queuedSummary(task: TaskView, ahead: { count: number; atLeast: boolean }, paused: boolean): string {
  const position = `${ahead.atLeast ? "at least " : ""}${ahead.count} task(s) before it in the ${task.lane} lane`;
  return paused ? `Its type is paused; ${position}.` : `Waits for a free worker: ${position}.`;
}
