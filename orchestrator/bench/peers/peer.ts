import type { ChildProcess } from "node:child_process";
import type { Redis } from "ioredis";
import type { Payload } from "../harness/payload.ts";

export type PeerName = "ours" | "bullmq" | "bare";

/** How a peer's workers run. */
export type WorkerOptions = {
  readonly url: string;
  readonly processes: number;
  /** Handlers at a time in each process. */
  readonly concurrency: number;
  /** Keep each result for an hour, or none at all. */
  readonly keepResults: boolean;
};

export type Producer = AsyncDisposable & {
  /** Enqueues tasks with these payloads in one call of the peer; returns their ids. */
  enqueue(payloads: readonly Payload[]): Promise<string[]>;
};

/** One contestant. All use the same Redis, the same payloads and the same guarantee: at least once. */
export type Peer = {
  readonly name: PeerName;
  readonly title: string;
  open(url: string): Promise<Producer>;
  /** Starts worker processes; the caller stops them. */
  startWorkers(options: WorkerOptions): ChildProcess[];
  /** Tasks that wait or are pending, by Redis state, and how many commands it takes to see that. */
  unfinished(redis: Redis): Promise<{ readonly count: number; readonly commands: number }>;
  /** Ids of all tasks with a kept result. */
  recorded(redis: Redis): Promise<Set<string>>;
  /** How many tasks have a stored result, for kept results only. */
  finished(redis: Redis): Promise<number>;
};

/** The queue of the benchmark in every peer: one of the task types of the service. */
export const QUEUE = "reasoning";
/** How long kept results are kept, in seconds. */
export const RESULT_TTL_SECONDS = 3600;

/** All keys that match, by SCAN. */
export async function scan(redis: Redis, match: string): Promise<string[]> {
  const found: string[] = [];
  for await (const keys of redis.scanStream({ match, count: 10_000 })) found.push(...(keys as string[]));
  return found;
}
