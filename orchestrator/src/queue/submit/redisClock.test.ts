import { expect, test } from "vitest";
import { RedisClock } from "./redisClock.ts";

test("has no time before the first reply", () => {
  expect(new RedisClock().read(5)).toBeUndefined();
});

test("uses the fastest reply until another server answers", () => {
  const clock = new RedisClock();
  clock.observe(1_000, 1_101, 50_050);
  expect(clock.read(1_050)).toBe(50_050);
  // Much faster, and 40 ms off: within the uncertainty of the first.
  clock.observe(2_000, 2_001, 51_040);
  expect(clock.read(2_000)).toBe(51_040);
  // A slow reply is ignored.
  clock.observe(3_000, 3_900, 52_100);
  expect(clock.read(3_000)).toBe(52_040);
  // A difference of more than the uncertainty means another server, or that its clock was set.
  clock.observe(4_000, 4_500, 55_000);
  expect(clock.read(4_250)).toBe(55_000.5);
});

test("uses any reply after a minute, because clocks drift", () => {
  const clock = new RedisClock();
  clock.observe(0, 1, 10_000);
  clock.observe(60_000, 60_020, 70_005);
  expect(clock.read(60_010)).toBe(70_005.5);
});

test.each([
  // The first reply took 100 ms, the second 200 ms: with their half ticks they may be 151 ms apart.
  [151, 0.5],
  [-150, 0.5],
  [152, 152.5],
  [-152, -151.5],
])("a slower reply that is off by %i ms gives an offset of %d ms", (offMs, offsetMs) => {
  const clock = new RedisClock();
  clock.observe(0, 100, 50);
  clock.observe(1_000, 1_200, 1_100 + offMs);
  expect(clock.read(0)).toBe(offsetMs);
});

test("of two replies that took equally long the later one counts", () => {
  const clock = new RedisClock();
  clock.observe(0, 100, 50);
  clock.observe(1_000, 1_100, 1_053);
  expect(clock.read(0)).toBe(3.5);
});

test.each([
  [59_999, 0],
  [60_000, 7],
])("a sample of %i ms ago is replaced by a slower one or not", (ageMs, offsetMs) => {
  const clock = new RedisClock();
  clock.observe(1_000, 1_001, 1_000);
  const answeredMs = 1_001 + ageMs;
  clock.observe(answeredMs - 21, answeredMs, answeredMs - 11 + 7);
  expect(clock.read(0)).toBe(offsetMs);
});
