import { expect, it } from "vitest";
import { Cells } from "./cells.ts";
import { BUILT_IN_TYPES, METRICS, type MetricSpec, TASK_LATENCY_BUCKETS_SECONDS } from "./contract.ts";
import { createLayout } from "./layout.ts";
import { createMetrics } from "./registry.ts";
import { Totals } from "./totals.ts";

const layout = createLayout(BUILT_IN_TYPES);
const lines = (text: string, name: string) => text.split("\n").filter((line) => line.startsWith(name));

it("shows every label combination of every counter and histogram from the start, with 0", async () => {
  const text = await createMetrics(new Totals(layout), async () => ({})).render();
  for (const [name, spec] of Object.entries(METRICS) as [string, MetricSpec][]) {
    if (spec.type === "gauge") continue;
    const samples = lines(text, spec.type === "histogram" ? `${name}_count{` : `${name}{`);
    expect(samples.length, name).toBeGreaterThan(0);
    for (const sample of samples) expect(sample).toMatch(/ 0$/);
  }
  expect(lines(text, "mcp_tasks_failed_total{")).toHaveLength(3 * 2 * 5);
  expect(lines(text, "mcp_tasks_rejected_total{")).toHaveLength(4 * 3);
  expect(lines(text, "mcp_upstream_requests_total{")).toHaveLength(2 * 5);
});

it("carries prom-client's metrics of the process", async () => {
  const text = await createMetrics(new Totals(layout), async () => ({})).render();
  expect(lines(text, "process_resident_memory_bytes ")).toHaveLength(1);
  expect(lines(text, "nodejs_eventloop_lag_seconds ")).toHaveLength(1);
});

it("leaves out a gauge that was not read, and does not show its last value", async () => {
  let answers = true;
  const metrics = createMetrics(new Totals(layout), async () =>
    answers ? { mcp_dlq_depth: [{ labels: {}, value: 7 }], mcp_redis_up: [{ labels: {}, value: 1 }] } : {},
  );
  expect(lines(await metrics.render(), "mcp_dlq_depth ")).toEqual(["mcp_dlq_depth 7"]);
  answers = false;
  expect(lines(await metrics.render(), "mcp_dlq_depth ")).toEqual([]);
});

it("renders a histogram with cumulative buckets, sum and count", async () => {
  const totals = new Totals(layout);
  const lane = new Cells(layout, totals.values).lane("ml", "express");
  for (const seconds of [0.1, 0.1, 0.1001, 400]) lane.latency(seconds);
  const text = await createMetrics(totals, async () => ({})).render();
  const bucket = (le: string) =>
    lines(text, `mcp_task_latency_seconds_bucket{type="ml",lane="express",le="${le}"}`)[0]?.split(" ")[1];
  expect(bucket("0.075")).toBe("0");
  expect(bucket("0.1")).toBe("2");
  expect(bucket("0.15")).toBe("3");
  expect(bucket("+Inf")).toBe("4");
  expect(text).toContain('mcp_task_latency_seconds_count{type="ml",lane="express"} 4');
  expect(lines(text, 'mcp_task_latency_seconds_bucket{type="ml",lane="express"')).toHaveLength(
    TASK_LATENCY_BUCKETS_SECONDS.length + 1,
  );
});
