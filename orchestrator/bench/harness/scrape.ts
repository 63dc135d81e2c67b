import { once } from "node:events";
import { start, stop } from "./processes.ts";

/** Durations of the requests, in their order. */
export type ScrapeTimes = { readonly metricsMs: readonly number[]; readonly healthMs: readonly number[] };

/**
 * Measures requests to /metrics and /healthz of a service. In a separate process, like Prometheus: the process of the
 * benchmark has garbage collections of 20 to 30 ms after it has queued a million tasks.
 *
 * @param url base address of the service
 * @param count number of measured scrapes
 * @throws if a scrape fails
 */
export async function scrape(url: string, count: number): Promise<ScrapeTimes> {
  const scraper = start(new URL("./scraper.ts", import.meta.url), { args: [url, String(count)] });
  const failed = once(scraper, "exit").then(([code]): never => {
    throw new Error(`the scraper of ${url} ended with ${code}`);
  });
  try {
    const [times] = await Promise.race([once(scraper, "message"), failed]);
    return times as ScrapeTimes;
  } finally {
    failed.catch(() => undefined);
    await stop([scraper]);
  }
}
