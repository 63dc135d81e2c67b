import { setTimeout as sleep } from "node:timers/promises";
import type { Payload } from "../harness/payload.ts";

/** The work of every peer: nothing, or to wait. The result is what a small task would return. */
export async function work({ holdMs }: Payload): Promise<{ ok: true }> {
  if (holdMs !== undefined) await sleep(holdMs);
  return { ok: true };
}
