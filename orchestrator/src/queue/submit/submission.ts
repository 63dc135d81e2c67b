import { createHash, randomUUID } from "node:crypto";
import { RedisUnavailableError, RejectedError, type TaskIdConflict, TaskIdConflictError } from "../../errors.ts";
import type { Keys } from "../../keys.ts";
import type { Lane, SubmissionCause } from "../../metrics/contract.ts";
import type { LaneCounters, Telemetry } from "../../metrics/telemetry.ts";
import { statusOfLetter } from "../../recordState.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { isUnavailable, RedisCommandError } from "../../redis/redisError.ts";
import { Script } from "../../redis/script.ts";
import { withoutSpace } from "../jsonSlices.ts";
import { laneOf, type Receipt, type TaskRequest } from "../task.ts";
import { generatedTaskIdPrefix } from "../taskId.ts";
import type { Acceptances } from "./acceptances.ts";
import type { MemoryGuard } from "./memoryGuard.ts";
import { RedisClock } from "./redisClock.ts";

const script = new Script("enqueue");

/** Retry-After of a rejection, unless the rate limit gives a time. */
const RETRY_AFTER_SECONDS = 5;
export type SubmissionDeps = {
  readonly redis: RedisClient;
  readonly keys: Keys;
  readonly types: readonly string[];
  readonly maxQueueDepth: number;
  /** Tasks per second while the switch is not set; 0 means no limit. */
  readonly rateLimitPerSecond: number;
  readonly memory: MemoryGuard;
  readonly acceptances: Acceptances;
  /** Redis replicas that must confirm a task before it is accepted; undefined: none. */
  readonly replicas?: { readonly count: number; readonly timeoutMs: number } | undefined;
  readonly telemetry: Telemetry;
  /** Called with the time until the next accepted task is due. */
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
  readonly #counters: readonly LaneCounters[];
  readonly #streams: readonly string[];
  readonly #clock = new RedisClock();

  constructor(deps: SubmissionDeps) {
    this.#deps = deps;
    const { keys, types } = deps;
    const queues = types.flatMap((type) => keys.queues(type));
    this.#scriptKeys = [
      keys.switches,
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
    this.#counters = queues.map(({ type, lane }) => deps.telemetry.lane(type, lane));
  }

  /**
   * Accepts all of these tasks, or none. A task whose id exists already is not accepted again; its receipt is marked as a
   * duplicate.
   *
   * @param requests validated requests of known types
   * @param receivedMs `monotonicMs` at the receipt of the request; the waiting time starts here
   * @returns one receipt per task, in the same order
   * @throws TaskIdConflictError if an id belongs to a task of another type, payload or lane
   * @throws RejectedError if the rate limit, the depth of a queue or the memory of Redis does not allow it
   * @throws RedisUnavailableError if the outcome is unknown; the client may submit again with the same ids
   */
  async submit(requests: readonly TaskRequest[], receivedMs = this.#deps.monotonicMs()): Promise<Receipt[]> {
    if (requests.length === 0) return [];
    try {
      const receipts = await this.#accept(requests, receivedMs);
      this.#countSubmitted(requests, "none");
      return receipts;
    } catch (error) {
      this.#countSubmitted(requests, causeOf(error));
      throw error;
    }
  }

  async #accept(requests: readonly TaskRequest[], receivedMs: number): Promise<Receipt[]> {
    const delayed = requests.filter(isDelayed);
    const tasks = delayed.length > 0 ? requests.map(withId) : requests;
    const { memory, monotonicMs } = this.#deps;
    const subject = tasks[0]?.type ?? "";
    let reply: (string | number)[];
    try {
      if (await memory.exceeded()) throw rejected("overload", subject, "the memory of Redis is nearly full");
      const sentMs = monotonicMs();
      reply = await this.#store(this.#arguments(tasks, this.#clock.read(receivedMs)));
      if (reply[0] === "ok") this.#clock.observe(sentMs, monotonicMs(), Number(reply[2]));
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      if (error.kind === "oom") throw rejected("overload", subject, "the memory of Redis is full");
      throw new RedisUnavailableError(`submission of ${subject}`, error);
    }
    if (reply[0] === "overload") throw rejected("overload", subject, `${reply[1]} is at its depth limit`);
    if (reply[0] === "rate_limit") {
      const waitMs = Number(reply[1]);
      const seconds = waitMs < 0 ? RETRY_AFTER_SECONDS : Math.max(1, Math.ceil(waitMs / 1000));
      throw rejected("rate_limit", subject, "submissions are rate limited", seconds);
    }
    if (reply[0] === "conflict") throw new TaskIdConflictError(conflictsOf(requests, reply));
    if (delayed.length > 0) this.#deps.onDelayed(Math.min(...delayed.map(({ delayMs }) => delayMs)));
    return this.#receipts(tasks, reply);
  }

  /** @throws if too few replicas confirm in time; the tasks are then stored, but a failover may lose them */
  async #store(args: readonly (string | number)[]): Promise<(string | number)[]> {
    const { redis, replicas } = this.#deps;
    if (replicas === undefined) return await script.run(redis, this.#scriptKeys, args);
    const { count, timeoutMs } = replicas;
    const wait = { replicas: count, timeoutMs };
    const [reply, reached] = await script.runReplicated<(string | number)[]>(redis, this.#scriptKeys, args, wait);
    if (reply[0] === "ok" && reached < count) {
      throw new RedisCommandError(
        "wait",
        "timeout",
        `${reached} of ${count} replicas confirmed within ${timeoutMs} ms`,
      );
    }
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
    const number = this.#queueNumbers.get(queueOf(task));
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
      // For a duplicate it begins with the letter of the state in its record; for a new task with none of them.
      const known = statusOfLetter(answer.charAt(0));
      const duplicate = known !== undefined;
      let lane: Lane = bypass ? "regular" : laneOf(task.priority);
      if (duplicate) lane = answer[1] === "e" ? "express" : "regular";
      else {
        const at = this.#queueNumber(task) - 1 + (bypass && laneOf(task.priority) === "express" ? 1 : 0);
        accepted.set(at, (accepted.get(at) ?? 0) + 1);
      }
      const taskId = task.taskId ?? generatedTaskIdPrefix(task.type, lane) + answer;
      return { taskId, type: task.type, lane, status: known ?? (delayed ? "delayed" : "queued"), duplicate };
    });
    for (const [at, count] of accepted) {
      this.#counters[at]?.enqueued(count);
      this.#deps.acceptances.add(this.#streams[at] ?? "", count);
    }
    return receipts;
  }

  /** Counts under the requested lane. The bypass may change the lane, which only the answer of Redis shows. */
  #countSubmitted(tasks: readonly TaskRequest[], cause: SubmissionCause): void {
    const counts = new Map<number, number>();
    for (const task of tasks) {
      const at = (this.#queueNumbers.get(queueOf(task)) ?? 0) - 1;
      counts.set(at, (counts.get(at) ?? 0) + 1);
    }
    for (const [at, count] of counts) this.#counters[at]?.submitted(cause, count);
  }
}

/** Why tasks were not accepted. */
function causeOf(error: unknown): SubmissionCause {
  if (error instanceof RejectedError) return error.reason;
  if (error instanceof TaskIdConflictError) return "conflict";
  return error instanceof RedisUnavailableError ? "redis" : "internal";
}

function rejected(
  reason: "overload" | "rate_limit",
  subject: string,
  why: string,
  seconds = RETRY_AFTER_SECONDS,
): Error {
  return new RejectedError(reason, subject, `Not accepted: ${why}`, seconds);
}

/** The id that the caller chose, with the digest of the submission; empty if the service generates the id. */
function idAndDigest(task: TaskRequest): string {
  return task.taskId === undefined ? "" : `${task.taskId} ${taskDigest(task)}`;
}

/** The requested queue of a task. */
function queueOf({ type, priority }: TaskRequest): string {
  return `${type} ${laneOf(priority)}`;
}

/** The digest of a submission: requested lane, and payload without white space between tokens. */
function taskDigest({ payloadJson, priority }: TaskRequest): string {
  const payload = createHash("sha256").update(withoutSpace(payloadJson)).digest("base64url");
  return `${laneOf(priority) === "express" ? "e" : "r"}${payload.slice(0, 22)}`;
}

/** Maps the numbers of the script, immediate tasks first, to the order of the request. */
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

/** Generates an id for a delayed task, which has no stream entry yet that its id could contain. */
function withId(task: TaskRequest): TaskRequest {
  return isDelayed(task) && task.taskId === undefined ? { ...task, taskId: randomUUID() } : task;
}
