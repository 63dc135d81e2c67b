import fc from "fast-check";
import { expect, it } from "vitest";
import { CircuitOpenError } from "../../errors.ts";
import { type Probe, Suspension } from "./suspension.ts";

const open = (retryAfterMs?: number) => new CircuitOpenError("chat", { retryAfterMs });

it("an open circuit lets one probe through at a time, and everything once a probe has passed", () => {
  let now = 0;
  const suspension = new Suspension(() => now);
  expect(suspension.active).toBe(false);
  expect(suspension.takeProbe()).toBeUndefined();
  suspension.circuitOpened(open());
  expect(suspension.reason).toEqual({ kind: "circuit", upstream: "chat" });
  expect(suspension.takeProbe()).toBeUndefined();
  now += 10_000;
  expect(suspension.takeProbe()).toBeDefined();
  expect(suspension.takeProbe()).toBeUndefined();
  suspension.circuitOpened(open());
  expect(suspension.takeProbe()).toBeUndefined();
  now += 10_000;
  suspension.takeProbe()?.passed();
  expect(suspension.reason).toBeUndefined();
});

it("a probe that ends without a verdict makes room for the next one at once", () => {
  let now = 0;
  const suspension = new Suspension(() => now);
  suspension.circuitOpened(open());
  now += 10_000;
  const fails = () => {
    using _probe = suspension.takeProbe();
    throw new Error("the connection was lost");
  };
  expect(fails).toThrow("the connection was lost");
  expect(suspension.active).toBe(true);
  expect(suspension.takeProbe()).toBeDefined();
});

it("the probe comes when the breaker says that it will let one through, however soon it says so", () => {
  let now = 1_000;
  const suspension = new Suspension(() => now);
  suspension.circuitOpened(open(5_000));
  now = 5_999;
  expect(suspension.takeProbe()).toBeUndefined();
  now = 6_000;
  expect(suspension.takeProbe()).toBeDefined();
  // A breaker that names no time at all is not asked in a tight loop.
  suspension.circuitOpened(open(0));
  expect(suspension.takeProbe()).toBeUndefined();
});

it.each([Number.POSITIVE_INFINITY, 1e12])("a breaker that stays open for %s ms is asked after a minute", (afterMs) => {
  let now = 0;
  const suspension = new Suspension(() => now);
  suspension.circuitOpened(open(afterMs));
  now = 60_000;
  expect(suspension.takeProbe()).toBeDefined();
});

it("a circuit is forgotten when nothing waits to be its probe, and not before its time", () => {
  let now = 0;
  const suspension = new Suspension(() => now);
  suspension.circuitOpened(open(5_000));
  suspension.nothingToProbe();
  expect(suspension.active).toBe(true);
  now = 5_000;
  const probe = suspension.takeProbe();
  suspension.nothingToProbe();
  expect(suspension.active).toBe(true);
  probe?.[Symbol.dispose]();
  suspension.nothingToProbe();
  expect(suspension.active).toBe(false);
});

it("a pause lets nothing through, not even a probe", () => {
  const suspension = new Suspension(() => 0);
  suspension.setPaused(true);
  expect(suspension.reason).toEqual({ kind: "paused" });
  expect(suspension.takeProbe()).toBeUndefined();
  suspension.setPaused(false);
  expect(suspension.active).toBe(false);
});

it("no sequence of events leaks the permit: with none out, and its time come, one can be taken", () => {
  const step = fc.constantFrom("open", "take", "move", "pass", "dispose", "pause", "resume", "idle", "later");
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let now = 0;
      const suspension = new Suspension(() => now);
      const out: Probe[] = [];
      for (const what of steps) {
        const last = out.at(-1);
        if (what === "open") suspension.circuitOpened(open(100));
        else if (what === "take") out.push(...[suspension.takeProbe()].filter((probe) => probe !== undefined));
        else if (what === "move" && last !== undefined) out.push(last.move());
        else if (what === "pass") out.pop()?.passed();
        else if (what === "dispose") out.pop()?.[Symbol.dispose]();
        else if (what === "pause" || what === "resume") suspension.setPaused(what === "pause");
        else if (what === "idle") suspension.nothingToProbe();
        else if (what === "later") now += 60;
      }
      for (const probe of out) probe[Symbol.dispose]();
      suspension.setPaused(false);
      now += 60_000;
      if (suspension.active) expect(suspension.takeProbe()).toBeDefined();
      expect(suspension.takeProbe()).toBeUndefined();
    }),
  );
});
