import { type Gauges, OPEN_METRICS, type ServiceMetrics, TEXT_FORMAT } from "./serviceMetrics.ts";

/** What `GET /metrics` answers with. */
export type Scrape = { readonly contentType: string; readonly body: string };

/**
 * Answers scrapes: the counters and histograms, gauges as they are read for each scrape, and the metrics of the process.
 *
 * @param readGauges called once per scrape; must bound its own time and must not throw
 */
export function createScraper(
  metrics: Pick<ServiceMetrics, "write">,
  readGauges: () => Promise<Gauges>,
): { scrape(accept: string): Promise<Scrape> } {
  return {
    async scrape(accept) {
      const contentType = prefersOpenMetrics(accept) ? OPEN_METRICS : TEXT_FORMAT;
      return { contentType, body: await metrics.write(contentType, await readGauges()) };
    },
  };
}

/** Whether an Accept header names OpenMetrics, and not the text format with a higher quality. */
function prefersOpenMetrics(accept: string): boolean {
  const qualityOf = (type: string) =>
    Math.max(
      0,
      ...accept
        .toLowerCase()
        .split(",")
        .map((range) => range.trim().split(/\s*;\s*/))
        .filter(([name]) => name === type)
        .map((range) => Number(range.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? 1)),
    );
  const openMetrics = qualityOf("application/openmetrics-text");
  return openMetrics > 0 && openMetrics >= qualityOf("text/plain");
}
