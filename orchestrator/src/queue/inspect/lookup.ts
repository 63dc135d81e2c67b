import type { Keys, QueueKeys } from "../../keys.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { Script } from "../../redis/script.ts";
import { decodeEntry } from "../entry.ts";
import { parseRecord, parseResult, type RecordBody, resultBucket, type TaskRecord } from "../record.ts";
import type { TaskStatus, TaskView } from "../task.ts";
import { entryTimeMs, generatedTaskIdPrefix, parseGeneratedTaskId } from "../taskId.ts";

const script = new Script("find");

const STATUS = { c: "completed", f: "failed", r: "retrying", d: "delayed", q: "queued" } as const satisfies Record<
  string,
  TaskStatus
>;

/** An entry that waits in its stream, or that a consumer has. */
export type LiveEntry = {
  readonly id: string;
  readonly fields: readonly string[];
  readonly pending?: { readonly consumer: string; readonly idleMs: number; readonly deliveries: number };
  readonly lastDeliveredId: string;
  /** Last heartbeat of the consumer that has it, epoch ms. */
  readonly heartbeatAtMs?: number;
};

/** What Redis knew about a task at one moment. */
export type Found = {
  readonly nowMs: number;
  readonly queue: QueueKeys;
  readonly record?: TaskRecord;
  readonly entry?: LiveEntry;
  /** Id of the first entry and result of a task that completed at its first attempt. */
  readonly completed?: { readonly entryId: string; readonly body: RecordBody };
};

/** Finds tasks by their id: by the stream entry that a generated id names, or by their record. */
export class TaskLookup {
  readonly #redis: RedisClient;
  readonly #keys: Keys;
  readonly #queues = new Map<string, QueueKeys>();

  constructor(redis: RedisClient, keys: Keys, types: readonly string[]) {
    this.#redis = redis;
    this.#keys = keys;
    for (const queue of types.flatMap((type) => keys.queues(type))) this.#queues.set(queue.stream, queue);
  }

  /** The task as it is now; undefined when there is none of this id, or its result has expired. */
  async find(taskId: string): Promise<TaskView | undefined> {
    const found = await this.locate(taskId);
    return found === undefined ? undefined : viewOf(taskId, found);
  }

  /** The task's record and entry, for those who tell more than its state. */
  async locate(taskId: string): Promise<Found | undefined> {
    const generated = parseGeneratedTaskId(taskId);
    const queue = generated && this.#keys.queue(generated.type, generated.lane);
    const known = queue !== undefined && this.#queues.has(queue.stream);
    const scriptKeys = [this.#keys.task(taskId), this.#keys.heartbeats];
    const entryId = generated?.entryId ?? "";
    if (known) {
      scriptKeys.push(queue.stream, this.#keys.resultsPrefix(queue.type, queue.lane) + resultBucket(entryId));
    }
    const args = known ? [queue.group, entryId] : ["", ""];
    const [now, text, stream, id, fields, row, lastDeliveredId, heartbeat, result] = await script.run<RawFound>(
      this.#redis,
      scriptKeys,
      args,
    );
    const record = parseRecord(text);
    const inQueue = this.#queues.get(stream);
    if (inQueue !== undefined && result !== "") {
      return { nowMs: Number(now), queue: inQueue, completed: { entryId: id, body: parseResult(result) } };
    }
    const live = fields.length > 0;
    // A pointer whose entry is gone was deleted by hand; a generated id without entry and record has expired.
    if (inQueue === undefined || (!live && (record === undefined || record.state === "q"))) return undefined;
    // The entry that a generated id names belongs to that task only if it does not say otherwise.
    if (live && record === undefined && decode(id, fields, inQueue)?.taskId !== taskId) return undefined;
    const [, consumer, idleMs, deliveries] = row;
    return {
      nowMs: Number(now),
      queue: inQueue,
      ...(record === undefined ? {} : { record }),
      ...(live
        ? {
            entry: {
              id,
              fields,
              lastDeliveredId,
              ...(consumer === undefined
                ? {}
                : { pending: { consumer, idleMs: idleMs ?? 0, deliveries: deliveries ?? 0 } }),
              ...(heartbeat === "" ? {} : { heartbeatAtMs: Number(heartbeat) }),
            },
          }
        : {}),
    };
  }
}

type RawFound = [
  now: string,
  record: string,
  stream: string,
  id: string,
  fields: string[],
  row: [id?: string, consumer?: string, idleMs?: number, deliveries?: number],
  lastDeliveredId: string,
  heartbeat: string,
  result: string,
];

/** The public view of a task. */
export function viewOf(taskId: string, { queue, record, entry, completed }: Found): TaskView {
  const { type, lane } = queue;
  if (entry !== undefined) {
    const decoded = decode(entry.id, entry.fields, queue);
    const spent = decoded?.attempts ?? 0;
    const running = entry.pending !== undefined;
    return {
      taskId,
      type,
      lane,
      status: running ? "running" : spent > 0 ? "retrying" : "queued",
      attempts: spent + (running ? 1 : 0),
      enqueuedAtMs: entryTimeMs(decoded?.originId ?? entry.id),
      ...(entry.pending === undefined ? {} : { worker: entry.pending.consumer }),
    };
  }
  const state = record?.state ?? "c";
  const originId = record?.originId ?? completed?.entryId ?? "";
  const body = record?.body ?? completed?.body ?? { attempts: 0 };
  const enqueuedAtMs = body.acceptedAtMs ?? (entryTimeMs(originId) || (body.finishedAtMs ?? 0));
  return {
    taskId,
    type,
    lane,
    status: STATUS[state],
    attempts: body.attempts,
    enqueuedAtMs,
    ...optional("startedAtMs", body.startedAtMs),
    ...optional("finishedAtMs", body.finishedAtMs),
    ...optional(
      "latencyMs",
      body.finishedAtMs === undefined ? undefined : Math.max(0, body.finishedAtMs - enqueuedAtMs),
    ),
    ...optional("dueAtMs", body.dueAtMs),
    ...optional("worker", body.worker),
    ...optional("error", body.error),
    ...optional("deadLetterId", body.deadLetterId),
    ...optional("resultJson", body.resultJson),
    ...optional("resultDropped", body.resultDropped),
  };
}

function decode(id: string, fields: readonly string[], queue: QueueKeys) {
  try {
    return decodeEntry(id, fields, queue.type, generatedTaskIdPrefix(queue.type, queue.lane));
  } catch {
    return undefined;
  }
}

function optional<K extends string, V>(name: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { [P in K]: V });
}
