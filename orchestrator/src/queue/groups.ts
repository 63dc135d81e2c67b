import type { QueueKeys } from "../keys.ts";
import type { RedisClient } from "../redis/connection.ts";
import { Script } from "../redis/script.ts";

const script = new Script("group");

/**
 * Creates the stream and the consumer group of a queue if they are missing: at the first start, after a FLUSHALL, or
 * after a failover that lost them. The group starts at the beginning of the stream, because every entry in it is
 * unfinished: an acknowledged entry is deleted.
 */
export async function ensureGroup(redis: RedisClient, queue: QueueKeys): Promise<void> {
  await script.run(redis, [queue.stream], [queue.group]);
}
