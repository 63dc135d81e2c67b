import type { Keys, QueueKeys } from "../../keys.ts";
import type { FailureReason } from "../../metrics/contract.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { redisErrorKind } from "../../redis/redisError.ts";
import { Script } from "../../redis/script.ts";
import type { Failed, Outcome, Retried, Settled } from "../outcome.ts";
import { type RecordState, resultBucket, withoutResult } from "../record.ts";
import { isEarlierEntry } from "../taskId.ts";

/** Refused while Redis is over its memory limit. */
const script = new Script("complete");
/** Not refused then, because finishing work is what frees memory: for batches that leave out their results. */
const overMemoryScript = script.allowingOom();

/** In place of a record: remove the one that is there, no result is kept. */
const REMOVE_RECORD = "-";

/** How a former delivery ended a task. */
export type SettledAs =
  | { readonly state: Exclude<RecordState, "f"> }
  | { readonly state: "f"; readonly reason: FailureReason };

/** What became of a batch. */
export type CompletionReply = {
  readonly nowMs: number;
  /** Text of the error that denied the acknowledgement; empty when all went well. */
  readonly failure: string;
  /** Results that were left out, because Redis is over its memory limit. */
  readonly resultsDropped: number;
  /** Entries that are not this consumer's any more: owned by another one, or pending nowhere. */
  readonly missed: ReadonlyMap<string, "gone" | "other">;
  /** For the outcomes other than completed: how the record that was there before says it ended; undefined for none. */
  readonly settled: ReadonlyMap<string, SettledAs>;
};

/** What does not change from batch to batch. */
export type CompletionContext = {
  readonly redis: RedisClient;
  readonly keys: Keys;
  readonly queue: QueueKeys;
  readonly consumer: string;
  readonly resultTtlSeconds: number;
  /** Most entries that this consumer is expected to have pending; more are handled, more slowly. */
  readonly expectedPending: number;
};

/**
 * Builds the function that finishes a batch of outcomes in one round trip, or in two while Redis is over its memory
 * limit: the outcomes are kept then, and the results are not.
 */
export function createCompletion(context: CompletionContext): (batch: readonly Outcome[]) => Promise<CompletionReply> {
  const { redis, keys, queue } = context;
  const scriptKeys = [queue.stream, keys.deadLetters, keys.delayed(queue.type, queue.lane), keys.ledger(queue.type)];
  const head = [
    queue.group,
    context.consumer,
    queue.lane,
    keys.taskPrefix,
    String(context.resultTtlSeconds),
    String(context.expectedPending),
  ];
  const workerJson = JSON.stringify(context.consumer);
  const resultsPrefix = keys.resultsPrefix(queue.type, queue.lane);
  const send = async (by: Script, batch: readonly Outcome[]) => {
    const args = head.slice();
    pushRange(args, batch);
    if (pushResults(args, batch, resultsPrefix) < batch.length) pushOthers(args, batch, workerJson);
    else args.push("0");
    return await by.run<RawReply>(redis, scriptKeys, args);
  };
  return async (batch) => {
    try {
      return parseReply(await send(script, batch), 0);
    } catch (error) {
      if (redisErrorKind(error) !== "oom") throw error;
    }
    const smaller = batch.map(withoutItsResult);
    const dropped = smaller.filter((outcome, at) => outcome !== batch[at]).length;
    return parseReply(await send(overMemoryScript, smaller), dropped);
  };
}

function withoutItsResult(outcome: Outcome): Outcome {
  if (outcome.kind !== "completed" || outcome.result === "") return outcome;
  return { ...outcome, result: withoutResult(outcome.result) };
}

/** Adds the first and the last entry id: what is pending outside of them need not be looked at. */
function pushRange(args: string[], batch: readonly Outcome[]): void {
  let first = batch[0]?.entryId ?? "-";
  let last = first;
  for (const { entryId } of batch) {
    if (isEarlierEntry(entryId, first)) first = entryId;
    else if (isEarlierEntry(last, entryId)) last = entryId;
  }
  args.push(first, last);
}

/** Adds the results that go into hashes, hash by hash. Neighbours mostly share one. Returns how many tasks it were. */
function pushResults(args: string[], batch: readonly Outcome[], resultsPrefix: string): number {
  const bucketsAt = args.push("") - 1;
  let buckets = 0;
  let bucket = "";
  let sizeAt = -1;
  let size = 0;
  let total = 0;
  for (const outcome of batch) {
    if (outcome.kind !== "completed" || outcome.hasRecord) continue;
    const own = resultBucket(outcome.entryId);
    if (own !== bucket) {
      if (sizeAt >= 0) args[sizeAt] = String(size);
      bucket = own;
      buckets++;
      size = 0;
      sizeAt = args.push(resultsPrefix + own, "") - 1;
    }
    size++;
    total++;
    args.push(outcome.entryId, outcome.result);
  }
  if (sizeAt >= 0) args[sizeAt] = String(size);
  args[bucketsAt] = String(buckets);
  return total;
}

function pushOthers(args: string[], batch: readonly Outcome[], workerJson: string): void {
  const countAt = args.push("") - 1;
  let records = 0;
  for (const outcome of batch) {
    if (outcome.kind !== "completed" || !outcome.hasRecord) continue;
    records++;
    args.push(outcome.entryId, outcome.taskId, outcome.result === "" ? REMOVE_RECORD : outcome.result);
  }
  args[countAt] = String(records);
  for (const outcome of batch) if (outcome.kind !== "completed") args.push(...otherArgs(outcome, workerJson));
}

function otherArgs(outcome: Failed | Retried | Settled, workerJson: string): string[] {
  if (outcome.kind === "settled") return ["s", outcome.entryId, outcome.taskId, "", "", ""];
  const { reason, code, message, attempts } = outcome;
  const error = JSON.stringify({ reason, code, message });
  const body = `"attempts":${attempts},"worker":${workerJson},"error":${error}}`;
  return outcome.kind === "failed"
    ? ["f", outcome.entryId, outcome.taskId, reason, body, message]
    : ["r", outcome.entryId, outcome.taskId, String(outcome.delayMs), body, String(attempts)];
}

type RawReply = [nowMs: string, failure: string, missed: string[], settled: string[]];

function parseReply([nowMs, failure, missed, settled]: RawReply, resultsDropped: number): CompletionReply {
  const settledAs = new Map<string, SettledAs>();
  for (const [entryId, text] of pairs<string>(settled)) {
    const [state, reason] = text.split(" ") as [RecordState | "", FailureReason?];
    if (state === "f") settledAs.set(entryId, { state, reason: reason ?? "internal" });
    else if (state !== "") settledAs.set(entryId, { state });
  }
  return { nowMs: Number(nowMs), failure, resultsDropped, missed: pairs(missed), settled: settledAs };
}

function pairs<V extends string>(flat: readonly string[]): Map<string, V> {
  const map = new Map<string, V>();
  for (let at = 0; at < flat.length; at += 2) map.set(flat[at] as string, flat[at + 1] as V);
  return map;
}
