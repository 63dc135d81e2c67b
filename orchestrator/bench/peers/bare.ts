import type { ChildProcess } from "node:child_process";
import { Redis } from "ioredis";
import { start } from "../harness/processes.ts";
import { type Peer, type Producer, QUEUE, scan, type WorkerOptions } from "./peer.ts";

/** Keys of the bare loop. */
export const STREAM = `bare:${QUEUE}`;
export const GROUP = "bare";
export const RECORD_PREFIX = "bare:task:";

/** The upper bound: pipelined XADD, and a bare loop of XREADGROUP and XACK with XDEL. */
export const bare: Peer = {
  name: "bare",
  title: "bare ioredis loop",

  async open(url): Promise<Producer> {
    const redis = new Redis(url);
    await redis.xgroup("CREATE", STREAM, GROUP, "0", "MKSTREAM").catch(() => undefined);
    return {
      async enqueue(payloads) {
        const pipeline = redis.pipeline();
        for (const payload of payloads) pipeline.xadd(STREAM, "*", "payload", JSON.stringify(payload));
        const replies = (await pipeline.exec()) ?? [];
        return replies.map(([error, id]) => {
          if (error !== null) throw error;
          return id as string;
        });
      },
      async [Symbol.asyncDispose]() {
        redis.disconnect();
      },
    };
  },

  startWorkers(options: WorkerOptions): ChildProcess[] {
    return Array.from({ length: options.processes }, (_, index) =>
      start(new URL("./bareWorker.ts", import.meta.url), { args: [JSON.stringify({ ...options, index })] }),
    );
  },

  async unfinished(redis) {
    // Acknowledged entries are deleted, so the remaining ones wait or are pending.
    return { count: await redis.xlen(STREAM), commands: 1 };
  },

  async recorded(redis) {
    const keys = await scan(redis, `${RECORD_PREFIX}*`);
    return new Set(keys.map((key) => key.slice(RECORD_PREFIX.length)));
  },

  async finished(redis) {
    // All keys except the stream are results.
    return (await redis.dbsize()) - 1;
  },
};
