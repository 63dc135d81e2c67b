import { setTimeout as sleep } from "node:timers/promises";
import type { Payload } from "../harness/payload.ts";

/** The handler of all peers: a no-op or a wait, with the result of a small task. */
export async function work({ holdMs }: Payload): Promise<{ ok: true }> {
  if (holdMs !== undefined) await sleep(holdMs);
  return { ok: true };
}
