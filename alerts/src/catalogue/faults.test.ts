import { expect, test } from "vitest";
import { FAULTS, type FaultId, FaultSizeError, requireReach, sizesFor } from "./faults.ts";
import { ALERTS, type AlertName, FAULT_SIZES, faultText, SHIPPED_ALERTS } from "./index.ts";

const shipped = new Map(SHIPPED_ALERTS.map(({ name, threshold }) => [name, threshold.value]));
const sizesWith = (changed: Partial<Record<AlertName, number>>) =>
  sizesFor((alert) => changed[alert] ?? shipped.get(alert) ?? Number.NaN);

test("with the default thresholds, faults have these sizes", () => {
  const sizes = sizesWith({});
  expect([sizes.slowAnswerMs, sizes.verySlowAnswerMs]).toEqual([200, 800]);
  expect([sizes.smallBacklog, sizes.flood, sizes.burst, sizes.harmlessBacklog]).toEqual([150, 650, 700, 70]);
  expect([sizes.killIntervalMs, sizes.filledRatio, sizes.deadLetters]).toEqual([1000, 0.75, 20]);
  expect([sizes.oldTaskMs, sizes.overdueMs, sizes.seldomKillMs]).toEqual([3_600_000, 600_000, 4000]);
});

test("they follow the thresholds in force", () => {
  const sizes = sizesWith({ QueueDepthSpike: 2000, ExpressLatencyHigh: 0.25 });
  expect([sizes.slowAnswerMs, sizes.flood, sizes.burst]).toEqual([350, 2150, 2200]);
  expect(sizesWith({ ExpressWaitHigh: 1 }).verySlowAnswerMs).toBe(1300);
  expect(sizesWith({ RedisMemoryHigh: 0.74 }).filledRatio).toBe(0.775);
  expect(sizesWith({ OldestTaskTooOld: 7200 }).oldTaskMs).toBe(14_400_000);
});

test("thresholds that leave no room between two alerts are named", () => {
  for (const wrong of [
    () => sizesWith({ ExpressLatencyHigh: 0.5 }).slowAnswerMs,
    () => sizesWith({ QueueDepthSpike: 120 }).smallBacklog,
    () => sizesWith({ RedisMemoryHigh: 0.76 }).filledRatio,
    () => sizesWith({ WorkerCrashRateHigh: 2 }).killIntervalMs,
  ]) {
    expect(wrong).toThrow(FaultSizeError);
  }
});

test("a threshold that its fault does not reach is an error that names it", () => {
  for (const [alert, threshold] of shipped) expect(() => requireReach(alert, threshold)).not.toThrow();
  for (const [alert, threshold] of [
    ["WorkersMissing", 0.5],
    ["ServiceUnstable", 0.7],
  ] as const) {
    expect(() => requireReach(alert, threshold)).toThrow(`The fault of ${alert} does not reach`);
  }
});

test("every fault has a text, with the size in force", () => {
  for (const id of Object.keys(FAULTS) as FaultId[]) {
    expect(FAULTS[id].inject(sizesWith({}))).not.toMatch(/undefined|NaN/);
  }
  const flood = ALERTS.find(({ name }) => name === "QueueDepthSpike")?.threshold.value ?? Number.NaN;
  expect(FAULT_SIZES.flood).toBeGreaterThan(flood);
  expect(faultText("stall-upstream-flood").inject).toContain(` ${FAULT_SIZES.flood} `);
});
