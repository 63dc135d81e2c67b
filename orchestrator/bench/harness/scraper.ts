import { setTimeout as sleep } from "node:timers/promises";
import { request } from "undici";
import type { ScrapeTimes } from "./scrape.ts";

/** The process of `scrape`. */

/** Not measured, because both sides run code that is not compiled yet. */
const FIRST = 20;
const EVERY_MS = 50;

const [url = "", count = ""] = process.argv.slice(2);
const times = { metricsMs: [] as number[], healthMs: [] as number[] } satisfies ScrapeTimes;
for (let at = 0; at < FIRST + Number(count); at++) {
  const metrics = await get(`${url}/metrics`);
  const health = await get(`${url}/healthz`);
  if (!metrics.text.includes("\nmcp_queue_depth{")) throw new Error("/metrics has no queue depth");
  if (at >= FIRST) {
    times.metricsMs.push(metrics.tookMs);
    times.healthMs.push(health.tookMs);
  }
  await sleep(EVERY_MS);
}
process.send?.(times);

/** Not with `fetch`, which uses milliseconds of CPU on the same cores and would distort the result. */
async function get(address: string): Promise<{ text: string; tookMs: number }> {
  const from = performance.now();
  const text = await (await request(address)).body.text();
  return { text, tookMs: performance.now() - from };
}
