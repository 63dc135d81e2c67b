import type { ChildProcess } from "node:child_process";
import type { Redis } from "ioredis";
import type { Payload } from "../harness/payload.ts";

export type PeerName = "ours" | "bullmq" | "bare";

/** Settings of the workers of a peer. */
export type WorkerOptions = {
  readonly url: string;
  readonly processes: number;
  /** Concurrent handlers in each process. */
  readonly concurrency: number;
  /** True: each result is kept for an hour. False: results are not kept. */
  readonly keepResults: boolean;
};

export type Producer = AsyncDisposable & {
  /** Enqueues tasks with these payloads in one call of the peer. Returns their ids. */
  enqueue(payloads: readonly Payload[]): Promise<string[]>;
};

/** A candidate. All use the same Redis, the same payloads and the same guarantee: at least once. */
export type Peer = {
  readonly name: PeerName;
  readonly title: string;
  open(url: string): Promise<Producer>;
  /** Starts worker processes. The caller stops them. */
  startWorkers(options: WorkerOptions): ChildProcess[];
  /** Number of tasks that wait or are pending, and the number of commands that this reading takes. */
  unfinished(redis: Redis): Promise<{ readonly count: number; readonly commands: number }>;
  /** Ids of all tasks with a kept result. */
  recorded(redis: Redis): Promise<Set<string>>;
  /** Number of tasks with a stored result. Only if results are kept. */
  finished(redis: Redis): Promise<number>;
};

/** The queue of the benchmark in all peers: one of the task types of the service. */
export const QUEUE = "reasoning";
export const RESULT_TTL_SECONDS = 3600;

/** All matching keys, by SCAN. */
export async function scan(redis: Redis, match: string): Promise<string[]> {
  const found: string[] = [];
  for await (const keys of redis.scanStream({ match, count: 10_000 })) found.push(...(keys as string[]));
  return found;
}
