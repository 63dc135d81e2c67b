import { expect, it } from "vitest";
import { CircuitOpenError } from "../../errors.ts";
import { Suspension } from "./suspension.ts";

it("an open circuit lets one probe through at a time, and everything once a probe has ended", () => {
  let now = 0;
  const suspension = new Suspension(() => now);
  expect(suspension.allow(5)).toBe(5);
  suspension.circuitOpened(new CircuitOpenError("chat"));
  expect(suspension.reason).toEqual({ kind: "circuit", upstream: "chat" });
  expect(suspension.allow(5)).toBe(0);
  now += 10_000;
  expect(suspension.allow(5)).toBe(1);
  expect(suspension.allow(5)).toBe(0);
  suspension.circuitOpened(new CircuitOpenError("chat"));
  expect(suspension.allow(5)).toBe(0);
  now += 10_000;
  expect(suspension.allow(5)).toBe(1);
  suspension.taskEnded();
  expect(suspension.reason).toBeUndefined();
  expect(suspension.allow(5)).toBe(5);
});

it("the probe comes when the breaker says that it will let one through, however soon it says so", () => {
  let now = 1_000;
  const suspension = new Suspension(() => now);
  suspension.circuitOpened(new CircuitOpenError("chat", { retryAfterMs: 5_000 }));
  now = 5_999;
  expect(suspension.allow(5)).toBe(0);
  now = 6_000;
  expect(suspension.allow(5)).toBe(1);
  // A breaker that does not keep to its own time is not asked in a tight loop.
  suspension.circuitOpened(new CircuitOpenError("chat", { retryAfterMs: 0 }));
  expect(suspension.allow(5)).toBe(0);
});

it("a pause lets nothing through, not even a probe", () => {
  const suspension = new Suspension(() => 0);
  suspension.setPaused(true);
  expect(suspension.reason).toEqual({ kind: "paused" });
  expect(suspension.allow(1)).toBe(0);
  suspension.setPaused(false);
  expect(suspension.allow(1)).toBe(1);
});
