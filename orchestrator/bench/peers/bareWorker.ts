import { Redis } from "ioredis";
import type { Payload } from "../harness/payload.ts";
import { GROUP, RECORD_PREFIX, STREAM } from "./bare.ts";
import { work } from "./handler.ts";
import { RESULT_TTL_SECONDS, type WorkerOptions } from "./peer.ts";

const BLOCK_MS = 1_000;
const { url, concurrency, index, keepResults } = JSON.parse(process.argv[2] ?? "") as WorkerOptions & {
  index: number;
};
const redis = new Redis(url);
let stopping = false;
process.once("SIGTERM", () => {
  stopping = true;
});

type Batch = [stream: string, entries: [id: string, fields: string[]][]][] | null;

while (!stopping) {
  const batch = (await redis.xreadgroup(
    "GROUP",
    GROUP,
    `consumer-${index}`,
    "COUNT",
    concurrency,
    "BLOCK",
    BLOCK_MS,
    "STREAMS",
    STREAM,
    ">",
  )) as Batch;
  const entries = batch?.[0]?.[1] ?? [];
  if (entries.length === 0) continue;
  const results = await Promise.all(entries.map(([, fields]) => work(JSON.parse(fields[1] as string) as Payload)));
  const pipeline = redis.pipeline();
  const ids = entries.map(([id]) => id);
  if (keepResults) {
    for (const [at, id] of ids.entries()) {
      pipeline.set(RECORD_PREFIX + id, JSON.stringify(results[at]), "EX", RESULT_TTL_SECONDS);
    }
  }
  pipeline.xack(STREAM, GROUP, ...ids);
  pipeline.xdel(STREAM, ...ids);
  await pipeline.exec();
}
redis.disconnect();
