import type { ChildProcess } from "node:child_process";
import { Queue } from "bullmq";
import { start } from "../harness/processes.ts";
import { type Peer, type Producer, QUEUE, RESULT_TTL_SECONDS, type WorkerOptions } from "./peer.ts";

/** Key prefix of BullMQ for the queue. */
const PREFIX = `bull:${QUEUE}`;

/** Settings of BullMQ for finished jobs, for the same guarantee. */
export function removeOnComplete(keepResults: boolean): { age: number } | { count: number } {
  return keepResults ? { age: RESULT_TTL_SECONDS } : { count: 0 };
}

/** BullMQ, used as its documentation recommends: addBulk, Worker with a concurrency, separate IORedis connections. */
export const bullmq: Peer = {
  name: "bullmq",
  title: "BullMQ",

  async open(url): Promise<Producer> {
    const queue = new Queue(QUEUE, { connection: { url } });
    await queue.waitUntilReady();
    return {
      async enqueue(payloads) {
        const jobs = await queue.addBulk(payloads.map((data) => ({ name: "task", data })));
        return jobs.map((job) => String(job.id));
      },
      async [Symbol.asyncDispose]() {
        await queue.close();
      },
    };
  },

  startWorkers(options: WorkerOptions): ChildProcess[] {
    return Array.from({ length: options.processes }, () =>
      start(new URL("./bullmqWorker.ts", import.meta.url), { args: [JSON.stringify(options)] }),
    );
  },

  async unfinished(redis) {
    const replies = await redis.pipeline().llen(`${PREFIX}:wait`).llen(`${PREFIX}:active`).exec();
    return { count: Number(replies?.[0]?.[1]) + Number(replies?.[1]?.[1]), commands: 2 };
  },

  async recorded(redis) {
    return new Set(await redis.zrange(`${PREFIX}:completed`, "0", "-1"));
  },

  finished: (redis) => redis.zcard(`${PREFIX}:completed`),
};
