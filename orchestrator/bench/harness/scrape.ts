import { once } from "node:events";
import { start, stop } from "./processes.ts";

/** How long each request took, in the order in which they were made. */
export type ScrapeTimes = { readonly metricsMs: readonly number[]; readonly healthMs: readonly number[] };

/**
 * Scrapes a service, and asks for its health beside. In a process that does nothing else, as Prometheus is one: the
 * benchmark's own collects garbage for 20 to 30 ms after it has queued a million tasks.
 *
 * @param url base address of the service
 * @param count scrapes that are measured
 * @throws when a scrape fails
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
