import { expect, test } from "vitest";
import { RedisClock } from "./redisClock.ts";

test("nothing is known of the clock of Redis before the first reply", () => {
  expect(new RedisClock().read(5)).toBeUndefined();
});

test("the quickest answer counts, until another server answers", () => {
  const clock = new RedisClock();
  clock.observe(1_000, 1_101, 50_050);
  expect(clock.read(1_050)).toBe(50_050);
  // Twice as quick, and 40 ms off: within what the first one allows.
  clock.observe(2_000, 2_001, 51_040);
  expect(clock.read(2_000)).toBe(51_040);
  // A slow answer teaches nothing.
  clock.observe(3_000, 3_900, 52_100);
  expect(clock.read(3_000)).toBe(52_040);
  // Whatever it took, a whole second cannot be in it.
  clock.observe(4_000, 4_500, 55_000);
  expect(clock.read(4_250)).toBe(55_000.5);
});

test("clocks drift: after a minute any answer counts", () => {
  const clock = new RedisClock();
  clock.observe(0, 1, 10_000);
  clock.observe(60_000, 60_020, 70_005);
  expect(clock.read(60_010)).toBe(70_005.5);
});
