import { expect, test } from "vitest";
import { BUNDLE } from "../bundle/index.ts";
import { FAULT_IDS, FAULT_SIZES, FaultSizeError, faultText, sizesFor } from "./faults.ts";
import type { AlertName } from "./index.ts";

const SHIPPED: Partial<Record<AlertName, number>> = {
  ExpressLatencyHigh: 0.1,
  ExpressLatencyCritical: 0.5,
  HighConsumerLag: 100,
  QueueDepthSpike: 500,
  WorkerCrashRateHigh: 0.5,
  RedisMemoryHigh: 0.7,
};
const sizesWith = (changed: typeof SHIPPED) => sizesFor((alert) => ({ ...SHIPPED, ...changed })[alert] ?? Number.NaN);

test("with the thresholds that ship, faults are of these sizes", () => {
  const { slowAnswerMs, verySlowAnswerMs, smallBacklog, flood, burst, harmlessBacklog, killIntervalMs, filledRatio } =
    sizesWith({});
  expect([slowAnswerMs, verySlowAnswerMs]).toEqual([200, 800]);
  expect([smallBacklog, flood, burst, harmlessBacklog]).toEqual([150, 650, 700, 70]);
  expect([killIntervalMs, filledRatio]).toEqual([1000, 0.75]);
});

test("they follow the thresholds in force", () => {
  const sizes = sizesWith({ QueueDepthSpike: 2000, ExpressLatencyHigh: 0.25 });
  expect([sizes.slowAnswerMs, sizes.flood, sizes.burst]).toEqual([350, 2150, 2200]);
});

test("thresholds that leave no room between two alerts are named", () => {
  for (const wrong of [
    () => sizesWith({ ExpressLatencyHigh: 0.5 }).slowAnswerMs,
    () => sizesWith({ QueueDepthSpike: 120 }).smallBacklog,
  ]) {
    expect(wrong).toThrow(FaultSizeError);
  }
});

test("every fault has a text, with the size in force", () => {
  for (const id of FAULT_IDS) expect(faultText(id).inject).not.toMatch(/undefined|NaN/);
  expect(faultText("stall-upstream-flood").inject).toContain(` ${FAULT_SIZES.flood} `);
  expect(FAULT_SIZES.flood).toBeGreaterThan(BUNDLE.thresholds.QueueDepthSpike ?? 500);
});
