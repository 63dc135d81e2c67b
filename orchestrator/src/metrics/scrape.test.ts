import { expect, it } from "vitest";
import { createScraper } from "./scrape.ts";
import { OPEN_METRICS, TEXT_FORMAT } from "./serviceMetrics.ts";

const PROMETHEUS_3 =
  "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5," +
  "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";

it.each([
  [PROMETHEUS_3, OPEN_METRICS],
  ["application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", OPEN_METRICS],
  ["Application/OpenMetrics-Text", OPEN_METRICS],
  ["text/plain;version=0.0.4", TEXT_FORMAT],
  ["text/plain;q=0.9, application/openmetrics-text;q=0.8", TEXT_FORMAT],
  ["application/openmetrics-text;q=0", TEXT_FORMAT],
  ["application/openmetrics-text;q=none", TEXT_FORMAT],
  ["*/*", TEXT_FORMAT],
  ["", TEXT_FORMAT],
])("answers Accept: %s with %s", async (accept, contentType) => {
  const gauges = { mcp_redis_up: [{ labels: {}, value: 1 }] };
  const written: unknown[] = [];
  const write = async (...args: unknown[]) => String(written.push(args));
  expect(await createScraper({ write }, async () => gauges).scrape(accept)).toEqual({ contentType, body: "1" });
  expect(written).toEqual([[contentType, gauges]]);
});
