import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { messageOf } from "../../errors.ts";
import type { LaneCells } from "../../metrics/telemetry.ts";
import { isAmbiguous, type RedisErrorKind, redisErrorKind } from "../../redis/redisError.ts";
import { equalJitterMs } from "../jitter.ts";
import type { Completed, CompletionReply, Outcome } from "./completion.ts";

/** Attempts per message. */
export const ACK_ATTEMPTS = 3;
/** Most messages that one script call finishes: bounds how long Redis is busy with it. */
export const ACK_BATCH = 200;
const BACKOFF_CAP_MS = 5_000;

export type AckHandlerDeps = {
  readonly complete: (batch: readonly Outcome[]) => Promise<CompletionReply>;
  readonly cells: LaneCells;
  readonly backoffMs: number;
  /** Messages waiting for acknowledgement above which no more work should be read. */
  readonly maxBacklog: number;
  readonly random: () => number;
  readonly log: Logger;
  /** Told of every entry that is acknowledged or given up. */
  readonly onEnd: (entryId: string) => void;
  /** Told of every task that is tried again, when its retry is in its place. */
  readonly onDelayed: (delayMs: number) => void;
  /** Told when the group is gone, before the next attempt. */
  readonly onGroupMissing: () => Promise<void>;
};

/**
 * Acknowledges what was finished, in batches: a batch goes out at once when none is under way, and gathers while one
 * is. A batch that fails is tried again as a whole, three times in all, with back-off. Messages that failed for good
 * stay pending in Redis and their outcome is remembered here, so that recovery acknowledges them without running them
 * again.
 */
export class RobustRedisACKHandler {
  readonly #deps: AckHandlerDeps;
  #queue: Outcome[] = [];
  #backlog = 0;
  #flushing = false;
  #scheduled = false;
  readonly #unacknowledged = new Map<string, Outcome>();
  /** Completed tasks that were counted when their result was stored, although acknowledging them failed. */
  readonly #counted = new WeakSet<Outcome>();
  #waiters: (() => void)[] = [];

  constructor(deps: AckHandlerDeps) {
    this.#deps = deps;
  }

  /** Messages that were handed over and are neither acknowledged nor given up. */
  get backlog(): number {
    return this.#backlog;
  }

  /** True while so much waits for acknowledgement that no more should be read. */
  get full(): boolean {
    return this.#backlog >= this.#deps.maxBacklog;
  }

  /** Hands over the outcome of one entry. */
  add(outcome: Outcome): void {
    this.#queue.push(outcome);
    this.#backlog++;
    if (this.#flushing || this.#scheduled) return;
    // One batch for all that ends in this turn of the event loop.
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#flush();
    });
  }

  /** Takes back the outcome of an entry that could not be acknowledged; undefined for others. */
  takeUnacknowledged(entryId: string): Outcome | undefined {
    const outcome = this.#unacknowledged.get(entryId);
    this.#unacknowledged.delete(entryId);
    return outcome;
  }

  /** Resolves when the backlog is below its limit, or empty when `empty` is asked for. */
  async whenDrained(empty: boolean): Promise<void> {
    while (empty ? this.#backlog > 0 : this.full) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  async #flush(): Promise<void> {
    this.#flushing = true;
    while (this.#queue.length > 0) {
      const batch = this.#queue.length <= ACK_BATCH ? this.#queue : this.#queue.slice(0, ACK_BATCH);
      this.#queue = batch === this.#queue ? [] : this.#queue.slice(ACK_BATCH);
      const kind = await this.#attempt(batch, 1, false);
      // The rest goes on while a failed batch waits for its next attempt.
      if (kind !== undefined) void this.#retry(batch, kind);
      else this.#settle(batch);
    }
    this.#flushing = false;
  }

  async #retry(batch: readonly Outcome[], first: RedisErrorKind): Promise<void> {
    const { backoffMs, random, cells, log } = this.#deps;
    let kind: RedisErrorKind | undefined = first;
    let ambiguous = false;
    for (let attempt = 2; attempt <= ACK_ATTEMPTS; attempt++) {
      ambiguous ||= isAmbiguous(kind);
      await sleep(equalJitterMs(attempt - 1, backoffMs, BACKOFF_CAP_MS, random));
      if (kind === "nogroup") await this.#deps.onGroupMissing().catch(() => undefined);
      kind = await this.#attempt(batch, attempt, ambiguous);
      if (kind === undefined) return this.#settle(batch);
    }
    cells.ackFailures(batch.length);
    for (const outcome of batch) this.#remember(outcome);
    log.error(
      { handler: "RobustRedisACKHandler", count: batch.length, kind, task_id: batch[0]?.taskId },
      `RobustRedisACKHandler: ACK of ${batch.length} messages failed ${ACK_ATTEMPTS} times (${kind}); they stay pending for orphan recovery`,
    );
    this.#settle(batch);
  }

  /** One attempt for a batch; undefined when it went through. */
  async #attempt(batch: readonly Outcome[], attempt: number, ambiguous: boolean): Promise<RedisErrorKind | undefined> {
    const { complete, cells, log } = this.#deps;
    let failure: unknown;
    try {
      const reply = await complete(batch);
      if (reply.failure === "") {
        this.#count(batch, reply, ambiguous);
        return undefined;
      }
      this.#countStored(batch, reply);
      failure = new Error(reply.failure);
    } catch (error) {
      failure = error;
    }
    cells.ackAttempts(0, batch.length);
    const kind = redisErrorKind(failure);
    log.warn(
      { handler: "RobustRedisACKHandler", attempt, count: batch.length, kind, error: messageOf(failure) },
      `RobustRedisACKHandler: ACK attempt ${attempt} of ${batch.length} messages failed (Redis ${kind})`,
    );
    return kind;
  }

  #count(batch: readonly Outcome[], reply: CompletionReply, ambiguous: boolean): void {
    const { cells, log } = this.#deps;
    let completed = 0;
    let late = 0;
    for (const outcome of batch) {
      const missed = reply.missed.size === 0 ? undefined : reply.missed.get(outcome.entryId);
      // After an attempt that nobody knows the end of, "pending nowhere" is our own success.
      if (missed !== undefined && !(missed === "gone" && ambiguous)) {
        late++;
        log.warn(
          { task_id: outcome.taskId, entry_id: outcome.entryId },
          "late finish dropped: the entry has another owner",
        );
        continue;
      }
      if (outcome.kind === "completed") {
        if (this.#counted.has(outcome)) continue;
        completed++;
        this.#observe(outcome, reply.nowMs);
      } else {
        this.#countOther(outcome, reply);
      }
    }
    if (completed > 0) cells.completed(completed);
    if (late > 0) cells.lateFinishes(late);
    cells.ackAttempts(batch.length - late, 0);
  }

  /**
   * Counts results that are stored while their entries cannot be acknowledged: their submitters have them, and a task's
   * latency ends there. Otherwise a broken acknowledgement would look like tasks that never finish.
   */
  #countStored(batch: readonly Outcome[], reply: CompletionReply): void {
    const { cells } = this.#deps;
    for (const outcome of batch) {
      if (outcome.kind !== "completed" || reply.missed.has(outcome.entryId) || this.#counted.has(outcome)) continue;
      this.#counted.add(outcome);
      cells.completed(1);
      this.#observe(outcome, reply.nowMs);
    }
  }

  /** Both ends are read from the clock of Redis. */
  #observe({ originMs, waitedMs }: Completed, storedMs: number): void {
    const latencyMs = Math.max(0, storedMs - originMs);
    this.#deps.cells.latency(latencyMs / 1000);
    this.#deps.cells.wait((latencyMs + waitedMs) / 1000);
  }

  /** Counts dead letters, and announces retries. A result that a former delivery left was counted when it was stored. */
  #countOther(outcome: Exclude<Outcome, { kind: "completed" }>, reply: CompletionReply): void {
    const { cells, onDelayed } = this.#deps;
    if (outcome.kind === "failed") {
      cells.failed(outcome.reason, 1);
    } else if (outcome.kind === "retried") {
      onDelayed(outcome.delayMs);
    } else if (outcome.kind === "settled") {
      const before = reply.settled.get(outcome.entryId);
      if (before?.state === "f") cells.failed(before.reason, 1);
    }
  }

  #remember(outcome: Outcome): void {
    this.#unacknowledged.set(outcome.entryId, outcome);
    if (this.#unacknowledged.size <= this.#deps.maxBacklog * 10) return;
    const oldest = this.#unacknowledged.keys().next().value;
    if (oldest !== undefined) this.#unacknowledged.delete(oldest);
  }

  #settle(batch: readonly Outcome[]): void {
    this.#backlog -= batch.length;
    for (const outcome of batch) this.#deps.onEnd(outcome.entryId);
    if (this.#waiters.length === 0 || (this.full && this.#backlog > 0)) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}
