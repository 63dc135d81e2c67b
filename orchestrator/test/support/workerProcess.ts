import { setTimeout as sleep } from "node:timers/promises";
import { createRedis } from "../../src/redis/connection.ts";
import type { RedisServer } from "./redisServer.ts";
import { startRunner } from "./worker.ts";

/**
 * A worker as a separate process, which tests kill and stop: `node workerProcess.ts <port> <index>`. It counts each start of
 * a task in the hash `runs`. The payload "die" crashes the process.
 */
const [port = "", index = ""] = process.argv.slice(2);
const server = {
  settings: () => ({
    url: `redis://127.0.0.1:${port}`,
    sentinels: [],
    sentinelName: "",
    clusterNodes: [],
    connectTimeoutMs: 1_000,
    commandTimeoutMs: 1_000,
  }),
} satisfies Pick<RedisServer, "settings">;
const notes = createRedis(server.settings(), "commands", "notes");
notes.on("error", () => undefined);

startRunner(
  server,
  async (payload, { taskId }) => {
    if (payload === "die") process.exit(1);
    await notes.hincrby("runs", taskId, 1);
    await sleep(5);
    return payload;
  },
  { orphanMinIdleMs: 1_500 },
  { index: Number(index) },
);
process.send?.("started");
