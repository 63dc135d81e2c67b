import { createHash, randomUUID } from "node:crypto";
import { RedisUnavailableError, RejectedError, type TaskIdConflict, TaskIdConflictError } from "../../errors.ts";
import type { Keys } from "../../keys.ts";
import type { Lane } from "../../metrics/contract.ts";
import type { LaneCells, Telemetry } from "../../metrics/telemetry.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { redisErrorKind } from "../../redis/redisError.ts";
import { Script } from "../../redis/script.ts";
import { laneOf, type Receipt, type TaskRequest, type TaskStatus } from "../task.ts";
import { generatedTaskIdPrefix } from "../taskId.ts";
import type { Acceptances } from "./acceptances.ts";
import type { MemoryGuard } from "./memoryGuard.ts";
import { RedisClock } from "./redisClock.ts";

const script = new Script("enqueue");

/** When to come back, where nothing better is known. */
const RETRY_AFTER_SECONDS = 5;
/** Letter of a record's state, as the script tells it of a duplicate; D is a task that was just delayed. */
const STATUS_OF_LETTER: Record<string, TaskStatus> = {
  q: "queued",
  d: "delayed",
  D: "delayed",
  r: "retrying",
  c: "completed",
  f: "failed",
};

export type SubmissionDeps = {
  readonly redis: RedisClient;
  readonly keys: Keys;
  readonly types: readonly string[];
  readonly maxQueueDepth: number;
  /** Tasks per second while the switch is not set; 0 means no limit. */
  readonly rateLimitPerSecond: number;
  readonly memory: MemoryGuard;
  readonly acceptances: Acceptances;
  /** Replicas that must have a task before it is accepted, and how long they may take, ms; undefined asks none. */
  readonly replicas?: { readonly count: number; readonly timeoutMs: number } | undefined;
  readonly telemetry: Telemetry;
  /** Receives the time until an accepted task is due. */
  readonly onDelayed: (delayMs: number) => void;
  readonly now: () => number;
  /** Milliseconds of a monotonic clock. */
  readonly monotonicMs: () => number;
};

/** Accepts tasks into their streams. */
export class Submission {
  readonly #deps: SubmissionDeps;
  readonly #scriptKeys: readonly string[];
  readonly #queueNumbers = new Map<string, number>();
  readonly #cells: readonly LaneCells[];
  readonly #streams: readonly string[];
  readonly #clock = new RedisClock();

  constructor(deps: SubmissionDeps) {
    this.#deps = deps;
    const { keys, types } = deps;
    const queues = types.flatMap((type) => keys.queues(type));
    this.#scriptKeys = [
      keys.controls,
      keys.rateLimit,
      keys.deadLetters,
      ...queues.map(({ stream }) => stream),
      ...queues.map(({ type, lane }) => keys.delayed(type, lane)),
      ...types.map((type) => keys.ledger(type)),
      deps.acceptances.key,
    ];
    // The script counts from 1, the express lane of a type first.
    for (const [at, { type, lane }] of queues.entries()) this.#queueNumbers.set(`${type} ${lane}`, at + 1);
    this.#streams = queues.map(({ stream }) => stream);
    this.#cells = queues.map(({ type, lane }) => deps.telemetry.lane(type, lane));
  }

  /**
   * Accepts all of these tasks, or none. A task whose id is known already is not accepted again; its receipt says so.
   *
   * @param requests of known types, validated
   * @param receivedMs when the request came in, by `monotonicMs`: what its tasks have waited counts from here
   * @returns one receipt for each task, in their order
   * @throws TaskIdConflictError when an id belongs to a task of another type, payload or lane
   * @throws RejectedError while the rate limit, the depth of a queue or the memory of Redis forbid it
   * @throws RedisUnavailableError when it is not known whether they were accepted: submit again with the same ids
   */
  async submit(requests: readonly TaskRequest[], receivedMs = this.#deps.monotonicMs()): Promise<Receipt[]> {
    if (requests.length === 0) return [];
    const delayed = requests.filter(isDelayed);
    const tasks = delayed.length > 0 ? requests.map(withId) : requests;
    const { memory, monotonicMs } = this.#deps;
    const subject = tasks[0]?.type ?? "";
    let reply: (string | number)[];
    try {
      if (await memory.exceeded()) throw this.#rejected("overload", tasks, "the memory of Redis is nearly full");
      const sentMs = monotonicMs();
      reply = await this.#store(this.#arguments(tasks, this.#clock.read(receivedMs)));
      if (reply[0] === "ok") this.#clock.observe(sentMs, monotonicMs(), Number(reply[2]));
    } catch (error) {
      if (error instanceof RejectedError) throw error;
      if (redisErrorKind(error) === "oom") throw this.#rejected("overload", tasks, "the memory of Redis is full");
      throw new RedisUnavailableError(`submission of ${subject}`, error);
    }
    if (reply[0] === "overload") throw this.#rejected("overload", tasks, `${reply[1]} is at its depth limit`);
    if (reply[0] === "rate_limit") {
      const waitMs = Number(reply[1]);
      const seconds = waitMs < 0 ? RETRY_AFTER_SECONDS : Math.max(1, Math.ceil(waitMs / 1000));
      throw this.#rejected("rate_limit", tasks, "submissions are rate limited", seconds);
    }
    if (reply[0] === "conflict") throw new TaskIdConflictError(conflictsOf(requests, reply));
    if (delayed.length > 0) this.#deps.onDelayed(Math.min(...delayed.map(({ delayMs }) => delayMs)));
    return this.#receipts(tasks, reply);
  }

  /** @throws when too few replicas have it in time: it is stored, and may be lost in a fail-over */
  async #store(args: readonly (string | number)[]): Promise<(string | number)[]> {
    const { redis, replicas } = this.#deps;
    if (replicas === undefined) return await script.run(redis, this.#scriptKeys, args);
    const { count, timeoutMs } = replicas;
    const wait = { replicas: count, timeoutMs };
    const [reply, reached] = await script.runReplicated<(string | number)[]>(redis, this.#scriptKeys, args, wait);
    if (reached < count) throw new Error(`${reached} of ${count} replicas have it after ${timeoutMs} ms`);
    return reply;
  }

  #arguments(tasks: readonly TaskRequest[], receivedMs: number | undefined): (string | number)[] {
    const { keys, types, maxQueueDepth, rateLimitPerSecond, now } = this.#deps;
    const timestamp = new Date(now()).toISOString();
    const args: (string | number)[] = [
      keys.taskPrefix,
      maxQueueDepth,
      rateLimitPerSecond,
      timestamp,
      receivedMs === undefined ? "" : receivedMs.toFixed(0),
      types.length,
      ...types,
      0,
    ];
    const countAt = args.length - 1;
    let immediate = 0;
    for (const task of tasks) {
      if (isDelayed(task)) continue;
      immediate++;
      args.push(this.#queueNumber(task), task.priority, idAndDigest(task), task.payloadJson);
    }
    args[countAt] = immediate;
    if (immediate === tasks.length) return args;
    for (const task of tasks) {
      if (!isDelayed(task)) continue;
      args.push(this.#queueNumber(task), task.priority, idAndDigest(task), task.payloadJson, task.delayMs);
    }
    return args;
  }

  #queueNumber(task: TaskRequest): number {
    const number = this.#queueNumbers.get(`${task.type} ${laneOf(task.priority)}`);
    if (number === undefined) throw new RangeError(`unknown task type ${task.type}`);
    return number;
  }

  #receipts(tasks: readonly TaskRequest[], reply: readonly (string | number)[]): Receipt[] {
    const bypass = reply[1] === 1;
    const accepted = new Map<number, number>();
    let immediateAt = 3;
    let delayedAt = 3 + tasks.reduce((sum, task) => sum + (isDelayed(task) ? 0 : 1), 0);
    const receipts = tasks.map((task): Receipt => {
      const delayed = isDelayed(task);
      const answer = String(reply[delayed ? delayedAt++ : immediateAt++]);
      const known = STATUS_OF_LETTER[answer[0] ?? ""];
      const duplicate = known !== undefined && answer !== "D";
      let lane: Lane = bypass ? "regular" : laneOf(task.priority);
      if (duplicate) lane = answer[1] === "e" ? "express" : "regular";
      else {
        const at = this.#queueNumber(task) - 1 + (bypass && laneOf(task.priority) === "express" ? 1 : 0);
        accepted.set(at, (accepted.get(at) ?? 0) + 1);
      }
      const taskId = task.taskId ?? generatedTaskIdPrefix(task.type, lane) + answer;
      return { taskId, type: task.type, lane, status: known ?? "queued", duplicate };
    });
    for (const [at, count] of accepted) {
      this.#cells[at]?.enqueued(count);
      this.#deps.acceptances.add(this.#streams[at] ?? "", count);
    }
    return receipts;
  }

  #rejected(reason: "overload" | "rate_limit", tasks: readonly TaskRequest[], why: string, seconds?: number): Error {
    const counts = new Map<string, number>();
    for (const { type } of tasks) counts.set(type, (counts.get(type) ?? 0) + 1);
    for (const [type, count] of counts) this.#deps.telemetry.rejected(type, reason, count);
    const subject = tasks[0]?.type ?? "";
    return new RejectedError(reason, subject, `Not accepted: ${why}`, seconds ?? RETRY_AFTER_SECONDS);
  }
}

/** The chosen id of a task, and what the submission is about; empty where the service chooses the id. */
function idAndDigest(task: TaskRequest): string {
  return task.taskId === undefined ? "" : `${task.taskId} ${taskDigest(task)}`;
}

/** White space between the tokens of JSON; strings are matched first, so that theirs stays. */
const BETWEEN_TOKENS = /("(?:[^"\\]|\\.)*")|\s+/g;

/** What a submission is about: the lane that was asked for, and the payload however it is spaced. */
function taskDigest({ payloadJson, priority }: TaskRequest): string {
  const payload = createHash("sha256").update(payloadJson.replace(BETWEEN_TOKENS, "$1")).digest("base64url");
  return `${laneOf(priority) === "express" ? "e" : "r"}${payload.slice(0, 22)}`;
}

/** The script numbers immediate tasks first, then delayed ones. */
function conflictsOf(requests: readonly TaskRequest[], reply: readonly (string | number)[]): TaskIdConflict[] {
  const indices = requests.map((_, index) => index);
  const order = [false, true].flatMap((later) =>
    indices.filter((index) => isDelayed(requests[index] as TaskRequest) === later),
  );
  const conflicts: TaskIdConflict[] = [];
  for (let at = 1; at + 1 < reply.length; at += 2) {
    const index = order[Number(reply[at]) - 1] ?? 0;
    const differs = String(reply[at + 1]).split(" ") as TaskIdConflict["differs"];
    conflicts.push({ index, taskId: requests[index]?.taskId ?? "", differs });
  }
  return conflicts.toSorted((one, other) => one.index - other.index);
}

function isDelayed(task: TaskRequest): task is TaskRequest & { readonly delayMs: number } {
  return task.delayMs !== undefined && task.delayMs > 0;
}

/** A delayed task has no stream entry yet that its id could name. */
function withId(task: TaskRequest): TaskRequest {
  return isDelayed(task) && task.taskId === undefined ? { ...task, taskId: randomUUID() } : task;
}
