import { expect, it } from "vitest";
import { AckWindow } from "./ackWindow.ts";
import { createLayout } from "./layout.ts";
import { ServiceMetrics } from "./serviceMetrics.ts";

function setUp() {
  const metrics = new ServiceMetrics(createLayout(["ml"]));
  let nowMs = 0;
  const window = new AckWindow(metrics, () => nowMs);
  const rate = async () => (await window.read()).find(({ lane }) => lane === "express")?.rate;
  /** Lets time pass while the window is read every few seconds. */
  const pass = async (ms: number, everyMs = 2_000) => {
    for (const end = nowMs + ms; nowMs < end; ) {
      nowMs += everyMs;
      await rate();
    }
  };
  return { lane: metrics.telemetry.lane("ml", "express"), rate, pass };
}

it("is 1 without attempts", async () => {
  expect(await setUp().rate()).toBe(1);
});

it("is the share of attempts that succeeded", async () => {
  const { lane, rate } = setUp();
  lane.ackAttempts(3, 1);
  expect(await rate()).toBe(0.75);
});

it("does not count attempts before the window or of the other lane", async () => {
  const { lane, rate, pass } = setUp();
  lane.ackAttempts(7, 5);
  await pass(60_000);
  lane.ackAttempts(2, 2);
  await pass(290_000);
  expect(await rate()).toBe(0.5);
});

it("drops attempts in steps of five seconds", async () => {
  const { lane, rate, pass } = setUp();
  await pass(10_000, 5_000);
  await pass(1_000, 1_000);
  lane.ackAttempts(0, 10);
  await pass(4_000, 1_000);
  // The step at 15 s separates these attempts from the others.
  lane.ackAttempts(10, 0);
  await pass(294_000, 1_000);
  expect(await rate()).toBe(0.5);
  await pass(5_000, 1_000);
  expect(await rate()).toBe(0.5);
  await pass(1_000, 1_000);
  expect(await rate()).toBe(1);
});

it("drops attempts after five minutes, and not before", async () => {
  const { lane, rate, pass } = setUp();
  await pass(60_000);
  lane.ackAttempts(0, 10);
  await pass(290_000);
  expect(await rate()).toBe(0);
  await pass(20_000);
  expect(await rate()).toBe(1);
});
