import type { Keys, QueueKeys } from "../../keys.ts";
import { RECORD_STATES, statusOfLetter } from "../../recordState.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { Script } from "../../redis/script.ts";
import { decodeEntry } from "../entry.ts";
import { parseRecord, parseResult, type RecordBody, resultBucket, type TaskRecord } from "../record.ts";
import type { TaskView } from "../task.ts";
import { entryTimeMs, generatedTaskIdPrefix, parseGeneratedTaskId } from "../taskId.ts";

const script = new Script("find");
const waitingScript = new Script("waiting");

/** An entry in its stream: it waits, or a consumer has it. */
export type LiveEntry = {
  readonly id: string;
  readonly fields: readonly string[];
  readonly pending?: { readonly consumer: string; readonly idleMs: number; readonly deliveries: number };
  readonly lastDeliveredId: string;
  /** Last heartbeat of the consumer that has the entry, epoch ms. */
  readonly heartbeatAtMs?: number;
};

/** The data of one task in Redis, read at one moment. */
export type Found = {
  readonly nowMs: number;
  readonly queue: QueueKeys;
  readonly record?: TaskRecord;
  readonly entry?: LiveEntry;
  /** Entry id and result of a task that completed at its first attempt. */
  readonly completed?: { readonly entryId: string; readonly body: RecordBody };
};

/** Finds tasks by id: through the stream entry in a generated id, or through their record. */
export class TaskLookup {
  readonly #redis: RedisClient;
  readonly #keys: Keys;
  readonly #queues = new Map<string, QueueKeys>();

  constructor(redis: RedisClient, keys: Keys, types: readonly string[]) {
    this.#redis = redis;
    this.#keys = keys;
    for (const queue of types.flatMap((type) => keys.queues(type))) this.#queues.set(queue.stream, queue);
  }

  /** The current view of a task; undefined if there is none with this id, or its result has expired. */
  async find(taskId: string): Promise<TaskView | undefined> {
    const found = await this.locate(taskId);
    return found === undefined ? undefined : viewOf(taskId, found);
  }

  /** The record and the entry of a task; undefined if there is none, or it was deleted by hand. */
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
    // A queued record without its entry: the entry was deleted by hand. Neither entry nor record: the result has expired.
    if (inQueue === undefined || (!live && (record === undefined || record.state === RECORD_STATES.queued)))
      return undefined;
    // The entry may carry another task id than the generated id that names it.
    if (live && record === undefined && decode(id, fields, inQueue)?.taskId !== taskId) return undefined;
    const due = dueOf(record);
    if (due !== undefined) {
      const delayed = this.#keys.delayed(inQueue.type, inQueue.lane);
      const waits = await waitingScript.run<number>(
        this.#redis,
        [this.#keys.task(taskId), delayed],
        [text, taskId, due],
      );
      if (waits < 0) return await this.locate(taskId);
      if (waits === 0) return undefined;
    }
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

/** Due time of a task that waits in a delayed set, epoch ms. */
function dueOf(record: TaskRecord | undefined): number | undefined {
  const waits = record?.state === RECORD_STATES.delayed || record?.state === RECORD_STATES.retrying;
  return waits ? record.body.dueAtMs : undefined;
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
  const originId = record?.originId ?? completed?.entryId ?? "";
  const body = record?.body ?? completed?.body ?? { attempts: 0 };
  const enqueuedAtMs = body.acceptedAtMs ?? (entryTimeMs(originId) || (body.finishedAtMs ?? 0));
  return {
    taskId,
    type,
    lane,
    status: (record && statusOfLetter(record.state)) ?? "completed",
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
