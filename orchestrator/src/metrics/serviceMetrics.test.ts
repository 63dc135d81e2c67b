import fc from "fast-check";
import { Histogram, Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { METRICS, type MetricSpec, TASK_LATENCY_BUCKETS_SECONDS } from "./contract.ts";
import { CounterDeltas } from "./counterDeltas.ts";
import { createLayout } from "./layout.ts";
import { type Gauges, OPEN_METRICS, ServiceMetrics, TEXT_FORMAT } from "./serviceMetrics.ts";

const layout = createLayout(["ml"]);
const WORKERS = 4;

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("count" as const),
      worker: fc.nat(WORKERS - 1),
      count: fc.integer({ min: 1, max: 50 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("flush" as const), worker: fc.nat(WORKERS - 1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("kill" as const), worker: fc.nat(WORKERS - 1) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("garbage" as const),
      deltas: fc.array(fc.oneof(fc.integer(), fc.double())),
    }),
  },
);

const text = (metrics: ServiceMetrics, gauges: Gauges = {}) => metrics.write(TEXT_FORMAT, gauges);
const lines = (all: string, name: string) => all.split("\n").filter((line) => line.startsWith(name));
/** The number of each line, in order. */
const values = async (metrics: ServiceMetrics) =>
  lines(await text(metrics), "mcp_").map((line) => Number(line.split(" ").at(-1)));

describe("counters under random worker deaths", () => {
  it("never fall, never double, and lose at most what a dead worker had not reported", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const metrics = new ServiceMetrics(layout);
        const spawn = () => {
          const deltas = new CounterDeltas(layout);
          return { deltas, lane: deltas.telemetry.lane("ml", "express"), unreported: 0 };
        };
        const workers = Array.from({ length: WORKERS }, spawn);
        let reported = 0;
        let before = await values(metrics);
        for (const one of steps) {
          if (one.kind === "garbage") {
            // Anything that parses as increments may be added, but must not lower a counter.
            const valid = new ServiceMetrics(layout).merge(one.deltas);
            if (!valid) expect(metrics.merge(one.deltas)).toBe(false);
          } else {
            const worker = workers[one.worker] as ReturnType<typeof spawn>;
            if (one.kind === "count") {
              worker.lane.completed(one.count);
              worker.lane.latency(one.count / 100);
              worker.unreported += one.count;
            } else if (one.kind === "flush") {
              expect(metrics.merge(worker.deltas.drain())).toBe(true);
              reported += worker.unreported;
              worker.unreported = 0;
            } else workers[one.worker] = spawn();
          }
          const now = await values(metrics);
          // One assertion for all series: one for each would be millions.
          expect(before.findIndex((value, at) => !((now[at] as number) >= value))).toBe(-1);
          before = now;
          const completed = await metrics.read("mcp_tasks_completed_total");
          expect(completed.find(({ labels }) => labels.lane === "express")?.value).toBe(reported);
        }
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    [[0, 1]],
    [[0, 1, 0, 1]],
    [[0, 1, 0, 1, -1, 0]],
    [[0, 1, 0, -1, 1, 0]],
    [[0, 1, 0, layout.size, 1, 0]],
    [[0, 1, 0, 1, Number.NaN, 0]],
    [[0, 1, 0, 1, 0.5, 0]],
    [[0, 1, 0, 0.5, 1, 0]],
    [[0, 1, 0, 1, 1_000_001, 0]],
    [[0, 1, 0, 1, 1, -1]],
    [[0, 1, 0, 1, 1, Number.POSITIVE_INFINITY]],
  ])("take nothing of the malformed report %j", async (deltas) => {
    const metrics = new ServiceMetrics(layout);
    expect(metrics.merge(deltas)).toBe(false);
    expect((await values(metrics)).every((value) => value === 0)).toBe(true);
  });

  it("can be added to by the main process itself, and read", async () => {
    const metrics = new ServiceMetrics(layout);
    metrics.increment("mcp_worker_crashes_total", { type: "ml", reason: "oom" });
    metrics.increment("mcp_worker_crashes_total", { type: "ml", reason: "oom" }, 2);
    expect((await metrics.read("mcp_worker_crashes_total")).filter(({ value }) => value > 0)).toEqual([
      { labels: { type: "ml", reason: "oom" }, value: 3 },
    ]);
  });
});

describe("a histogram that is fed by deltas", () => {
  const bound = fc.constantFrom(...TASK_LATENCY_BUCKETS_SECONDS);
  const seconds = fc.oneof(
    bound,
    fc.double({ min: 0, max: 400, noNaN: true }),
    fc.integer({ min: 0, max: 9_999 }).map((ms) => ms / 1000),
  );

  it("has the same buckets as single observations", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(seconds, { maxLength: 50 }), { maxLength: 4 }), async (reports) => {
        const metrics = new ServiceMetrics(layout);
        const registry = new Registry();
        const { buckets, help, labels } = METRICS.mcp_task_latency_seconds;
        const config = { name: "mcp_task_latency_seconds", help, labelNames: labels, buckets: [...buckets] };
        const direct = new Histogram({ ...config, registers: [registry] });
        direct.zero({ type: "ml", lane: "express" });
        const deltas = new CounterDeltas(layout);
        const { latency } = deltas.telemetry.lane("ml", "express");
        for (const report of reports) {
          for (const observed of report) {
            latency(observed);
            direct.observe({ type: "ml", lane: "express" }, observed);
          }
          expect(metrics.merge(deltas.drain())).toBe(true);
        }
        const shown = async (all: Promise<string>) => {
          const own = (await all).split("\n").filter((line) => /^mcp_task_latency_seconds_.*lane="express"/.test(line));
          const isSum = (line: string) => line.startsWith("mcp_task_latency_seconds_sum");
          return { counts: own.filter((line) => !isSum(line)), sum: Number(own.find(isSum)?.split(" ")[1]) };
        };
        const [ours, theirs] = await Promise.all([shown(text(metrics)), shown(registry.metrics())]);
        expect(ours.counts).toEqual(theirs.counts);
        // Sums of floating-point numbers depend on their order.
        expect(ours.sum).toBeCloseTo(theirs.sum, 6);
      }),
    );
  });

  it("keeps observations in their bucket although the mean is rounded to its lower bound", async () => {
    const metrics = new ServiceMetrics(layout);
    const [lower = 0, upper = 0] = TASK_LATENCY_BUCKETS_SECONDS;
    const offset = layout.offsetOf("mcp_task_latency_seconds", { type: "ml", lane: "express" });
    expect(metrics.merge([offset + 1, 3, 3 * lower])).toBe(true);
    const count = async (bound: number) =>
      lines(await text(metrics), `mcp_task_latency_seconds_bucket{le="${bound}",type="ml",lane="express"}`);
    expect(await count(lower)).toEqual([expect.stringMatching(/ 0$/)]);
    expect(await count(upper)).toEqual([expect.stringMatching(/ 3$/)]);
  });
});

describe("what is written", () => {
  it("has every label combination of every counter and histogram from the start, with 0", async () => {
    const all = await text(new ServiceMetrics(createLayout(["ml", "chat", "codegen"])));
    for (const [name, spec] of Object.entries(METRICS) as [string, MetricSpec][]) {
      expect(all).toContain(`# HELP ${name} ${spec.help}\n# TYPE ${name} ${spec.type}\n`);
      if (spec.type === "gauge") continue;
      const labels = spec.labels.length === 0 ? " " : "{";
      const samples = lines(all, spec.type === "histogram" ? `${name}_count${labels}` : `${name}${labels}`);
      expect(samples.length, name).toBeGreaterThan(0);
      for (const sample of samples) expect(sample).toMatch(/ 0$/);
    }
    expect(lines(all, "mcp_tasks_failed_total{")).toHaveLength(3 * 2 * 5);
    expect(lines(all, "mcp_tasks_submitted_total{")).toHaveLength(3 * 2 * 7 + 2);
    expect(lines(all, "mcp_upstream_requests_total{")).toHaveLength(2 * 5);
  });

  it("leaves out a gauge that was not read, and does not show its last value", async () => {
    const metrics = new ServiceMetrics(layout);
    const unaccounted = (lane: string, value: number) => ({ labels: { type: "ml", lane }, value });
    const first = await text(metrics, {
      mcp_dlq_depth: [{ labels: {}, value: 7 }],
      mcp_tasks_unaccounted: [unaccounted("express", -2), unaccounted("regular", 0.5)],
    });
    expect(lines(first, "mcp_dlq_depth ")).toEqual(["mcp_dlq_depth 7"]);
    expect(lines(first, "mcp_tasks_unaccounted")).toEqual([
      'mcp_tasks_unaccounted{type="ml",lane="express"} -2',
      'mcp_tasks_unaccounted{type="ml",lane="regular"} 0.5',
    ]);
    const second = await text(metrics, { mcp_dlq_depth: [], mcp_tasks_unaccounted: [unaccounted("regular", 1)] });
    expect(lines(second, "mcp_dlq_depth")).toEqual([]);
    expect(lines(second, "mcp_tasks_unaccounted")).toEqual(['mcp_tasks_unaccounted{type="ml",lane="regular"} 1']);
    expect(lines(await text(metrics), "mcp_tasks_unaccounted")).toEqual([]);
  });

  it("shows no gauge before it was read, and no series that is gone", async () => {
    const metrics = new ServiceMetrics(layout);
    expect(lines(await text(metrics), "mcp_redis_up")).toEqual([]);
    for (const type of ["one", "other"]) {
      const all = await text(metrics, { mcp_unserved_tasks: [{ labels: { type }, value: 1 }] });
      expect(lines(all, "mcp_unserved_tasks")).toEqual([`mcp_unserved_tasks{type="${type}"} 1`]);
    }
    for (const type of ["one", "other"]) {
      const series = ["same", type].map((each) => ({ labels: { type: each }, value: 2 }));
      expect(lines(await text(metrics, { mcp_unserved_tasks: series }), "mcp_unserved_tasks")).toEqual([
        'mcp_unserved_tasks{type="same"} 2',
        `mcp_unserved_tasks{type="${type}"} 2`,
      ]);
    }
  });

  it("is one consistent reading, shared by simultaneous scrapes", async () => {
    const metrics = new ServiceMetrics(layout);
    const depths = (value: number): Gauges => ({
      mcp_dlq_depth: [{ labels: {}, value }],
      mcp_redis_up: [{ labels: {}, value }],
    });
    const all = await Promise.all([1, 2, 3].map((value) => text(metrics, depths(value))));
    expect(all.map((one) => [...lines(one, "mcp_dlq_depth"), ...lines(one, "mcp_redis_up")])).toEqual(
      [1, 2, 3].map((value) => [`mcp_dlq_depth ${value}`, `mcp_redis_up ${value}`]),
    );
  });

  it("can be OpenMetrics, in turns with the text format: counters are named without their ending in the comments", async () => {
    const metrics = new ServiceMetrics(layout, (registry) => {
      new Histogram({ name: "other_seconds", help: "Another.", buckets: [1], registers: [registry] });
    });
    metrics.increment("mcp_tasks_enqueued_total", { type: "ml", lane: "regular" }, 5);
    const before = await text(metrics);
    const open = await metrics.write(OPEN_METRICS, {});
    expect(lines(open, "mcp_tasks_enqueued")).toEqual(lines(before, "mcp_tasks_enqueued"));
    expect(open).toContain("# TYPE mcp_tasks_enqueued counter\n");
    expect(open).toMatch(/\n# EOF\n$/);
    expect(open).not.toContain("\n\n");
    for (const [name, { type }] of Object.entries(METRICS)) {
      expect(open).toContain(`# TYPE ${type === "counter" ? name.replace(/_total$/, "") : name} ${type}\n`);
    }
    expect(open).toContain("# TYPE other_seconds histogram\n");
    expect(await text(metrics)).toBe(before);
  });
});
