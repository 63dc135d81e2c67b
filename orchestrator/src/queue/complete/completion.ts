import type { Keys, QueueKeys } from "../../keys.ts";
import type { FailureReason } from "../../metrics/contract.ts";
import { RECORD_STATES, type RecordState } from "../../recordState.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { redisErrorKind } from "../../redis/redisError.ts";
import { Script } from "../../redis/script.ts";
import type { Failed, Outcome, Retried, Settled } from "../outcome.ts";
import { resultBucket, withoutResult } from "../record.ts";
import { isEarlierEntry } from "../taskId.ts";

/** Redis rejects it while it is over its memory limit. */
const script = new Script("complete");
/** Redis always allows it. Sends outcomes without results, because finishing tasks frees memory. */
const overMemoryScript = script.allowingOom();

/** Sent instead of a record, to remove the existing one: results are not kept. */
const REMOVE_RECORD = "-";

/** How an earlier delivery ended a task. */
type SettledAs =
  | { readonly state: Exclude<RecordState, typeof RECORD_STATES.failed> }
  | { readonly state: typeof RECORD_STATES.failed; readonly reason: FailureReason };

/** The result of a batch. */
export type CompletionReply = {
  readonly nowMs: number;
  /** Error of the acknowledgement; empty if it succeeded. */
  readonly failure: string;
  /** Number of results that were dropped because Redis is over its memory limit. */
  readonly resultsDropped: number;
  /** Entries that this consumer no longer owns: another consumer has them, or they are not pending. */
  readonly missed: ReadonlyMap<string, "gone" | "other">;
  /** For outcomes other than completed: how an earlier delivery ended the task, if one did. */
  readonly settled: ReadonlyMap<string, SettledAs>;
};

/** What all batches of a lane share. */
export type CompletionContext = {
  readonly redis: RedisClient;
  readonly keys: Keys;
  readonly queue: QueueKeys;
  readonly consumer: string;
  readonly resultTtlSeconds: number;
  /** Expected limit of pending entries of this consumer. More of them work too, but more slowly. */
  readonly expectedPending: number;
};

/**
 * Creates the function that finishes a batch of outcomes in one round trip. While Redis is over its memory limit it takes
 * two: the second stores the outcomes without their results.
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

/** Adds the first and the last entry id, so that the script reads only pending entries between them. */
function pushRange(args: string[], batch: readonly Outcome[]): void {
  let first = batch[0]?.entryId ?? "-";
  let last = first;
  for (const { entryId } of batch) {
    if (isEarlierEntry(entryId, first)) first = entryId;
    else if (isEarlierEntry(last, entryId)) last = entryId;
  }
  args.push(first, last);
}

/** Adds the results that are stored in hashes, grouped by hash: neighbours mostly share one. Returns the number of tasks. */
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
    if (state === RECORD_STATES.failed) settledAs.set(entryId, { state, reason: reason ?? "internal" });
    else if (state !== "") settledAs.set(entryId, { state });
  }
  return { nowMs: Number(nowMs), failure, resultsDropped, missed: pairs(missed), settled: settledAs };
}

function pairs<V extends string>(flat: readonly string[]): Map<string, V> {
  const map = new Map<string, V>();
  for (let at = 0; at < flat.length; at += 2) map.set(flat[at] as string, flat[at + 1] as V);
  return map;
}
