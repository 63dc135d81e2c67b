import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { requestJson } from "@mcp-orchestrator/e2e/testkit/http";
import { PROMETHEUS_CONFIG, startPrometheus } from "@mcp-orchestrator/e2e/testkit/servers/prometheus";
import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { expect, test } from "vitest";
import { METRICS } from "../../src/metrics/contract.ts";
import { createLayout } from "../../src/metrics/layout.ts";
import { collectProcessMetrics } from "../../src/metrics/processMetrics.ts";
import { createScraper } from "../../src/metrics/scrape.ts";
import { OPEN_METRICS, ServiceMetrics } from "../../src/metrics/serviceMetrics.ts";

test("a Prometheus asks for OpenMetrics, and takes in every counter and histogram under its own name", async () => {
  const metrics = new ServiceMetrics(createLayout(["ml"]), collectProcessMetrics);
  const { latency } = metrics.telemetry.lane("ml", "express");
  for (const seconds of [0.02, 0.02, 7]) latency(seconds);
  const scraper = createScraper(metrics, async () => ({ mcp_dlq_depth: [{ labels: {}, value: 3 }] }));
  const answered = new Set<string>();
  const server = createServer(async ({ headers }, response) => {
    const { body, contentType } = await scraper.scrape(headers.accept ?? "");
    answered.add(contentType);
    response.setHeader("content-type", contentType).end(body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const target = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const scrapes = [
    { job_name: "service", scrape_interval: "200ms", scrape_timeout: "200ms", static_configs: [{ targets: [target] }] },
  ];
  await using prometheus = await startPrometheus({
    files: { [PROMETHEUS_CONFIG]: JSON.stringify({ scrape_configs: scrapes }) },
  });
  // A scrape that takes too long on a busy machine ends every series until the next one.
  const valuesOf = async (selector: string) =>
    (await prometheus.query(`last_over_time(${selector}[1m])`)).map(({ value }) => value);

  await eventually(
    () => prometheus.query('up{job="service"} == 1'),
    (up) => up.length === 1,
    20_000,
  );
  expect([...answered]).toEqual([OPEN_METRICS]);
  expect(await valuesOf("mcp_dlq_depth")).toEqual([3]);
  expect(await valuesOf('mcp_task_latency_seconds_bucket{le="0.025"}')).toEqual([2, 0]);
  expect(await valuesOf('mcp_task_latency_seconds_sum{lane="express"}')).toEqual([7.04]);
  expect(await valuesOf("process_cpu_seconds_total")).toHaveLength(1);
  const { data: names } = await requestJson<{ data: string[] }>(`${prometheus.url}/api/v1/label/__name__/values`);
  for (const [name, { type }] of Object.entries(METRICS)) {
    if (type !== "gauge") expect(names).toContain(type === "counter" ? name : `${name}_count`);
  }
  server.closeAllConnections();
  server.close();
});
