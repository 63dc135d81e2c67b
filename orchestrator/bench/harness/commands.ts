import type { Redis } from "ioredis";

/** Number of command calls so far, including those of scripts (INFO commandstats), without INFO itself. */
export async function commandCalls(redis: Redis): Promise<number> {
  let calls = 0;
  for (const [name, count] of parseCommandStats(await redis.info("commandstats"))) if (name !== "info") calls += count;
  return calls;
}

/** Parses INFO commandstats: calls by command name. */
export function parseCommandStats(info: string): Map<string, number> {
  const stats = new Map<string, number>();
  for (const [, name, calls] of info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm))
    stats.set(name as string, Number(calls));
  return stats;
}
