import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { messageOf } from "../../errors.ts";
import { equalJitterMs } from "../../jitter.ts";
import type { LaneCounters } from "../../metrics/telemetry.ts";
import { RECORD_STATES } from "../../recordState.ts";
import { isAmbiguous, type RedisErrorKind, redisErrorKind } from "../../redis/redisError.ts";
import type { EntryTable, Finished } from "../entryTable.ts";
import type { Completed, Outcome } from "../outcome.ts";
import type { CompletionReply } from "./completion.ts";

/** Attempts per message. */
const ACK_ATTEMPTS = 3;
/** Limit of messages per script call. Bounds how long a call blocks Redis. */
export const ACK_BATCH = 200;
/** Limit of bytes per script call, unless a single message has more. Bounds the memory of a call in Redis. */
export const ACK_BATCH_BYTES = 2 * 1024 ** 2;
/** From this many bytes of unacknowledged outcomes on, no more tasks should be read. */
export const MAX_BACKLOG_BYTES = 16 * 1024 ** 2;
const BACKOFF_CAP_MS = 5_000;

export type AckHandlerDeps = {
  readonly complete: (batch: readonly Outcome[]) => Promise<CompletionReply>;
  readonly table: EntryTable;
  readonly counters: LaneCounters;
  readonly backoffMs: number;
  /** From this many unacknowledged messages on, no more tasks should be read. */
  readonly maxBacklog: number;
  readonly random: () => number;
  readonly log: Logger;
  /** Called with the delay for each retry that is stored. */
  readonly onDelayed: (delayMs: number) => void;
  /** Called before the next attempt if the consumer group is missing. */
  readonly onGroupMissing: () => Promise<void>;
};

/**
 * Acknowledges finished tasks in batches. The next batch collects while one is in progress. A failed batch is retried with
 * backoff, three attempts in all: as a whole, or message by message if a single one may have caused the error. Messages
 * that fail for good stay pending in Redis and their outcomes stay in the entry table, so that recovery acknowledges them
 * without running them again.
 */
export class RobustRedisACKHandler {
  readonly #deps: AckHandlerDeps;
  #queue: Finished[] = [];
  #backlog = 0;
  #backlogBytes = 0;
  #flushing = false;
  #scheduled = false;
  #waiters: (() => void)[] = [];

  constructor(deps: AckHandlerDeps) {
    this.#deps = deps;
  }

  /** Messages that are neither acknowledged nor failed for good. */
  get backlog(): number {
    return this.#backlog;
  }

  /** True while the backlog is so large that no more tasks should be read. */
  get full(): boolean {
    return this.#backlog >= this.#deps.maxBacklog || this.#backlogBytes >= MAX_BACKLOG_BYTES;
  }

  /** Adds the outcome of one entry. */
  add(outcome: Outcome): void {
    this.#enqueue(this.#deps.table.finish(outcome));
  }

  /** Retries the acknowledgements that failed for good. */
  retryUnacknowledged(): void {
    for (const finished of this.#deps.table.takeUnacknowledged()) this.#enqueue(finished);
  }

  /** Resolves when the backlog is below its limit, or empty if `empty` is true. */
  async whenDrained(empty: boolean): Promise<void> {
    while (empty ? this.#backlog > 0 : this.full) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  #enqueue(finished: Finished): void {
    this.#queue.push(finished);
    this.#backlog++;
    this.#backlogBytes += finished.bytes;
    if (this.#flushing || this.#scheduled) return;
    // One batch for all tasks that end in this turn of the event loop.
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    this.#flushing = true;
    while (this.#queue.length > 0) {
      const batch = this.#nextBatch();
      const kind = await this.#attempt(batch, 1);
      // The next batches continue while a failed one waits for its next attempt.
      if (kind !== undefined) void this.#retry(batch, kind);
    }
    this.#flushing = false;
  }

  #nextBatch(): readonly Finished[] {
    const queue = this.#queue;
    let size = 0;
    for (let bytes = 0; size < queue.length && size < ACK_BATCH; size++) {
      bytes += (queue[size] as Finished).bytes;
      if (bytes > ACK_BATCH_BYTES && size > 0) break;
    }
    if (size === queue.length) {
      this.#queue = [];
      return queue;
    }
    this.#queue = queue.slice(size);
    return queue.slice(0, size);
  }

  async #retry(batch: readonly Finished[], first: RedisErrorKind): Promise<void> {
    const { backoffMs, random, onGroupMissing } = this.#deps;
    let left = batch;
    let kind: RedisErrorKind | undefined = first;
    for (let attempt = 2; attempt <= ACK_ATTEMPTS; attempt++) {
      await sleep(equalJitterMs(attempt - 1, backoffMs, BACKOFF_CAP_MS, random));
      if (kind === "nogroup") await onGroupMissing().catch(() => undefined);
      if (kind === "reply" && left.length > 1) {
        // One message may cause the error. Sent one by one, the others get through.
        const failed: Finished[] = [];
        for (const finished of left) {
          const failure = await this.#attempt([finished], attempt);
          if (failure !== undefined) failed.push(finished);
          kind = failure ?? kind;
        }
        left = failed;
      } else {
        kind = await this.#attempt(left, attempt);
        if (kind === undefined) return;
      }
      if (left.length === 0) return;
    }
    this.#giveUp(left, kind);
  }

  #giveUp(batch: readonly Finished[], kind: RedisErrorKind | undefined): void {
    const { counters, log, table } = this.#deps;
    counters.ackFailures(batch.length);
    log.error(
      { handler: "RobustRedisACKHandler", count: batch.length, kind, task_id: batch[0]?.outcome.taskId },
      `RobustRedisACKHandler: ACK of ${batch.length} messages failed ${ACK_ATTEMPTS} times (${kind}); they stay pending for orphan recovery`,
    );
    for (const finished of batch) table.unacknowledged(finished);
    this.#left(batch);
  }

  /** One attempt for a batch. Undefined if it succeeded. */
  async #attempt(batch: readonly Finished[], attempt: number): Promise<RedisErrorKind | undefined> {
    const { complete, counters, log, table } = this.#deps;
    let reply: CompletionReply | undefined;
    let failure: unknown;
    try {
      reply = await complete(batch.map(leftToDo));
    } catch (error) {
      failure = error;
    }
    if (reply !== undefined) {
      if (reply.resultsDropped > 0) this.#logDropped(reply.resultsDropped);
      if (reply.failure === "") {
        this.#count(batch, reply);
        for (const finished of batch) table.acknowledged(finished);
        this.#left(batch);
        return undefined;
      }
      this.#countStored(batch, reply);
      failure = new Error(reply.failure);
    }
    counters.ackAttempts(0, batch.length);
    const kind = redisErrorKind(failure);
    if (isAmbiguous(kind)) for (const finished of batch) finished.ambiguous = true;
    log.warn(
      { handler: "RobustRedisACKHandler", attempt, count: batch.length, kind, error: messageOf(failure) },
      `RobustRedisACKHandler: ACK attempt ${attempt} of ${batch.length} messages failed (Redis ${kind})`,
    );
    return kind;
  }

  #count(batch: readonly Finished[], reply: CompletionReply): void {
    const { counters, log } = this.#deps;
    let completed = 0;
    let late = 0;
    for (const finished of batch) {
      const { outcome } = finished;
      const missed = reply.missed.size === 0 ? undefined : reply.missed.get(outcome.entryId);
      // If an earlier attempt had no answer, "not pending" means that it succeeded.
      if (missed !== undefined && !(missed === "gone" && finished.ambiguous)) {
        late++;
        log.warn(
          { task_id: outcome.taskId, entry_id: outcome.entryId },
          "late finish dropped: the entry has another owner",
        );
        continue;
      }
      if (outcome.kind !== "completed") {
        this.#countOther(outcome, reply);
      } else if (!finished.stored) {
        completed++;
        this.#observe(outcome, reply.nowMs);
      }
    }
    if (completed > 0) counters.completed(completed);
    if (late > 0) counters.lateFinishes(late);
    counters.ackAttempts(batch.length - late, 0);
  }

  /**
   * Counts results that are stored although their entries cannot be acknowledged: clients can read them, so the latency
   * ends here. Otherwise a broken acknowledgement would look like tasks that never finish.
   */
  #countStored(batch: readonly Finished[], reply: CompletionReply): void {
    const { counters } = this.#deps;
    for (const finished of batch) {
      const { outcome, stored } = finished;
      if (outcome.kind !== "completed" || reply.missed.has(outcome.entryId) || stored) continue;
      finished.stored = true;
      counters.completed(1);
      this.#observe(outcome, reply.nowMs);
    }
  }

  /** Both ends of the latency are times of Redis. */
  #observe({ originMs, waitedMs }: Completed, storedMs: number): void {
    const latencyMs = Math.max(0, storedMs - originMs);
    this.#deps.counters.latency(latencyMs / 1000);
    this.#deps.counters.wait((latencyMs + waitedMs) / 1000);
  }

  /** Counts dead letters and reports retries. A result of an earlier delivery was counted when it was stored. */
  #countOther(outcome: Exclude<Outcome, { kind: "completed" }>, reply: CompletionReply): void {
    const { counters, onDelayed } = this.#deps;
    if (outcome.kind === "failed") {
      counters.failed(outcome.reason, 1);
    } else if (outcome.kind === "retried") {
      onDelayed(outcome.delayMs);
    } else if (outcome.kind === "settled") {
      const before = reply.settled.get(outcome.entryId);
      if (before?.state === RECORD_STATES.failed) counters.failed(before.reason, 1);
    }
  }

  #logDropped(count: number): void {
    this.#deps.log.warn(
      { handler: "RobustRedisACKHandler", count },
      `RobustRedisACKHandler: ${count} results dropped because Redis is over its memory limit; the tasks are completed`,
    );
  }

  /** Removes a batch from the backlog and wakes the waiters. */
  #left(batch: readonly Finished[]): void {
    this.#backlog -= batch.length;
    for (const { bytes } of batch) this.#backlogBytes -= bytes;
    if (this.#waiters.length === 0 || this.full) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}

/** Does not send a stored result again: over the memory limit, it would be replaced by an empty one. */
function leftToDo({ outcome, stored }: Finished): Outcome {
  if (!stored || outcome.kind !== "completed") return outcome;
  return { kind: "settled", entryId: outcome.entryId, taskId: outcome.taskId };
}
