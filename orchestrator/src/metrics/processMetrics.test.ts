import { Registry } from "prom-client";
import { expect, it } from "vitest";
import { collectProcessMetrics, type Delay } from "./processMetrics.ts";

const LAG = /^(nodejs_eventloop_lag_\w+) (.+)$/gm;

/** A measured delay: the interval of one second plus these ms, each different. */
function delays(lateMs: Readonly<Record<string, number>>, count = 3) {
  const ns = (name: string) => (1_000 + (lateMs[name] ?? 0)) * 1e6;
  const state = { resets: 0, readsBeforeReset: 0 };
  const read = (name: string) => {
    if (state.resets === 0) state.readsBeforeReset++;
    return ns(name);
  };
  const delay: Delay = {
    count,
    get min() {
      return read("min");
    },
    get max() {
      return read("max");
    },
    get mean() {
      return read("mean");
    },
    percentile: (rank) => read(`p${rank}`),
    reset: () => void state.resets++,
  };
  return { delay, state };
}

function processMetrics(delay?: Delay): Registry {
  const registry = new Registry();
  collectProcessMetrics(registry, delay);
  return registry;
}

async function lags(registry: Registry): Promise<Record<string, number>> {
  const text = await registry.metrics();
  return Object.fromEntries([...text.matchAll(LAG)].map(([, name = "", value]) => [name, Number(value)]));
}

it("exposes the event loop lag since the last scrape in seconds, under the names of prom-client", async () => {
  const { delay, state } = delays({ min: 10, max: 60, mean: 20, p50: 30, p90: 40, p99: 50 });
  const shown = await lags(processMetrics(delay));
  const rounded = Object.fromEntries(Object.entries(shown).map(([name, value]) => [name, Number(value.toFixed(6))]));
  expect(rounded).toMatchObject({
    nodejs_eventloop_lag_min_seconds: 0.01,
    nodejs_eventloop_lag_mean_seconds: 0.02,
    nodejs_eventloop_lag_p50_seconds: 0.03,
    nodejs_eventloop_lag_p90_seconds: 0.04,
    nodejs_eventloop_lag_p99_seconds: 0.05,
    nodejs_eventloop_lag_max_seconds: 0.06,
  });
  // The standard deviation cannot be limited to the time since the last scrape.
  expect(Object.keys(shown).filter((name) => name.includes("stddev"))).toEqual([]);
  expect(state).toEqual({ resets: 1, readsBeforeReset: 6 });
});

it("exposes no lag for a timer that was early or has no measurement yet", async () => {
  const early = await lags(processMetrics(delays({ min: -5, max: -1, mean: -3, p50: -3, p90: -2, p99: -1 }).delay));
  const unmeasured = await lags(
    processMetrics(delays({ min: 9e9, max: 9e9, mean: 9e9, p50: 9e9, p90: 9e9, p99: 9e9 }, 0).delay),
  );
  for (const shown of [early, unmeasured]) {
    for (const figure of ["min", "max", "mean", "p50", "p90", "p99"]) {
      expect(shown[`nodejs_eventloop_lag_${figure}_seconds`], figure).toBe(0);
    }
  }
});

it("exposes the last lag again if no timer was due since then", async () => {
  const { delay } = delays({ p99: 50 });
  const state = { ...delay, percentile: delay.percentile, count: 1 };
  const registry = processMetrics(state as Delay);
  const first = await lags(registry);
  state.count = 0;
  expect(await lags(registry)).toEqual(first);
  expect(first.nodejs_eventloop_lag_p99_seconds).toBeCloseTo(0.05);
});

it("exposes the duration of one turn of the event loop at the previous scrape", async () => {
  const registry = processMetrics();
  const BUSY_MS = 30;
  const first = registry.metrics();
  for (const until = performance.now() + BUSY_MS; performance.now() < until; );
  await first;
  await new Promise((resolve) => setImmediate(resolve));
  const lag = Number(/^nodejs_eventloop_lag_seconds (.+)$/m.exec(await registry.metrics())?.[1]);
  expect(lag).toBeGreaterThanOrEqual(BUSY_MS / 1e3);
  expect(lag).toBeLessThan(1);
});

it("has a help text for each metric", async () => {
  const text = await processMetrics().metrics();
  for (const name of ["", "_min", "_max", "_mean", "_p50", "_p90", "_p99"]) {
    expect(text).toMatch(new RegExp(`^# HELP nodejs_eventloop_lag${name}_seconds \\w`, "m"));
  }
});

it("leaves out metrics that cost more than they are worth", async () => {
  expect(await processMetrics().metrics()).not.toMatch(/utilization|stddev/);
});
