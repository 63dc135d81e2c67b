import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { Peer } from "../peers/peer.ts";
import { commandCalls } from "./commands.ts";
import { cpuSeconds } from "./processes.ts";

const SAMPLE_MS = 4;

export type Drain = {
  readonly tasksPerSecond: number;
  readonly commandsPerTask: number;
  readonly workerCpuMicrosPerTask: number;
  readonly redisCpuMicrosPerTask: number;
};

export type DrainOptions = {
  readonly peer: Pick<Peer, "unfinished" | "name">;
  readonly redis: Redis;
  readonly redisPid: number;
  readonly workerPids: readonly number[];
  /** Number of tasks; `warmUp` of them are finished before the measurement starts. */
  readonly total: number;
  readonly warmUp: number;
  readonly limitMs: number;
};

/**
 * Measures how workers drain their queue, only by the state of Redis. The measurement starts when the warm-up tasks are
 * finished, and ends when no task waits or is pending.
 */
export async function watchDrain(options: DrainOptions): Promise<Drain> {
  const { peer, redis, total, warmUp, limitMs } = options;
  const deadline = performance.now() + limitMs;
  let samples = 0;
  let start: Mark | undefined;
  for (;;) {
    const left = await peer.unfinished(redis);
    samples++;
    const finished = total - left.count;
    if (start === undefined && finished >= warmUp) {
      start = await mark(options, finished);
      samples = 0;
    } else if (left.count === 0) {
      if (start === undefined)
        throw new Error(`${peer.name}: all tasks were finished before the end of the warm-up was detected`);
      const end = await mark(options, total);
      const tasks = end.finished - start.finished;
      return {
        tasksPerSecond: (tasks / (end.atMs - start.atMs)) * 1000,
        commandsPerTask: (end.commands - start.commands - samples * left.commands) / tasks,
        workerCpuMicrosPerTask: ((end.workerCpu - start.workerCpu) / tasks) * 1e6,
        redisCpuMicrosPerTask: ((end.redisCpu - start.redisCpu) / tasks) * 1e6,
      };
    }
    if (performance.now() > deadline)
      throw new Error(`${peer.name}: ${left.count} of ${total} unfinished after ${limitMs} ms`);
    await sleep(SAMPLE_MS);
  }
}

type Mark = { atMs: number; finished: number; commands: number; workerCpu: number; redisCpu: number };

async function mark({ redis, redisPid, workerPids }: DrainOptions, finished: number): Promise<Mark> {
  const atMs = performance.now();
  const [workerCpu, redisCpu] = [cpuSeconds(workerPids), cpuSeconds([redisPid])];
  return { atMs, finished, workerCpu, redisCpu, commands: await commandCalls(redis) };
}
