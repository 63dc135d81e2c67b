import type { QueueKeys } from "../keys.ts";
import type { RedisClient } from "../redis/connection.ts";
import { Script } from "../redis/script.ts";

const script = new Script("group");

/**
 * Creates a queue's stream and consumer group where they are missing: at the first start, after a FLUSHALL, after a
 * failover that lost them. The group starts at the beginning of the stream: with delete-on-acknowledge everything in
 * the stream is unfinished.
 */
export async function ensureGroup(redis: RedisClient, queue: QueueKeys): Promise<void> {
  await script.run(redis, [queue.stream], [queue.group]);
}
