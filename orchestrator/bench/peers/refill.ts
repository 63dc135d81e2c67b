import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { payload } from "../harness/payload.ts";
import { openOurs, ours } from "./ours.ts";

/** Keeps the regular queue at a constant length while workers drain it. */
const [url, length, holdMs] = process.argv.slice(2);
const BATCH = 200;
const POLL_MS = 5;
const redis = new Redis(String(url));
const producer = await openOurs(String(url));
const batch = Array.from({ length: BATCH }, (_, index) => ({ ...payload(index), holdMs: Number(holdMs) }));
let stopping = false;
process.once("SIGTERM", () => {
  stopping = true;
});
process.send?.("running");
while (!stopping) {
  const { count } = await ours.unfinished(redis);
  for (let missing = Number(length) - count; missing >= BATCH && !stopping; missing -= BATCH)
    await producer.enqueue(batch);
  await sleep(POLL_MS);
}
process.exit(0);
