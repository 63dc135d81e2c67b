import type { Redis } from "ioredis";

/** Calls of every command so far, those made by scripts included (INFO commandstats); INFO itself left out. */
export async function commandCalls(redis: Redis): Promise<number> {
  let calls = 0;
  for (const [name, count] of parseCommandStats(await redis.info("commandstats"))) if (name !== "info") calls += count;
  return calls;
}

/** Calls by command name, from the text of INFO commandstats. */
export function parseCommandStats(info: string): Map<string, number> {
  const stats = new Map<string, number>();
  for (const [, name, calls] of info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm))
    stats.set(name as string, Number(calls));
  return stats;
}
