import fc from "fast-check";
import { expect, it } from "vitest";
import { CircuitOpenError } from "../../errors.ts";
import { type Probe, Suspension } from "./suspension.ts";

const open = (retryAfterMs?: number) => new CircuitOpenError("chat", { retryAfterMs });

it("allows one probe at a time while the circuit is open, and all tasks after a probe passed", () => {
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

it("allows the next probe at once if one ends without a result", () => {
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

it("a permit that was returned is not valid again when it is moved", () => {
  let now = 0;
  const suspension = new Suspension(() => now);
  suspension.circuitOpened(open());
  now += 10_000;
  const former = suspension.takeProbe();
  former?.[Symbol.dispose]();
  former?.move().passed();
  expect(suspension.active).toBe(true);
  expect(suspension.takeProbe()).toBeDefined();
});

it("waits for the time that the breaker gives, but never probes in a tight loop", () => {
  let now = 1_000;
  const suspension = new Suspension(() => now);
  suspension.circuitOpened(open(5_000));
  now = 5_999;
  expect(suspension.takeProbe()).toBeUndefined();
  now = 6_000;
  expect(suspension.takeProbe()).toBeDefined();
  suspension.circuitOpened(open(0));
  expect(suspension.takeProbe()).toBeUndefined();
});

it.each([Number.POSITIVE_INFINITY, 1e12])("probes a breaker that is open for %s ms after one minute", (afterMs) => {
  let now = 0;
  const suspension = new Suspension(() => now);
  suspension.circuitOpened(open(afterMs));
  now = 60_000;
  expect(suspension.takeProbe()).toBeDefined();
});

it("with an empty queue, clears the circuit when a probe is due and none is in use", () => {
  let now = 0;
  const suspension = new Suspension(() => now);
  suspension.circuitOpened(open(5_000));
  suspension.clearIfDue();
  expect(suspension.active).toBe(true);
  now = 5_000;
  const probe = suspension.takeProbe();
  suspension.clearIfDue();
  expect(suspension.active).toBe(true);
  probe?.[Symbol.dispose]();
  suspension.clearIfDue();
  expect(suspension.active).toBe(false);
});

it("allows no probe while the type is paused", () => {
  const suspension = new Suspension(() => 0);
  suspension.setPaused(true);
  expect(suspension.reason).toEqual({ kind: "paused" });
  expect(suspension.takeProbe()).toBeUndefined();
  suspension.setPaused(false);
  expect(suspension.active).toBe(false);
});

it("never leaks the permit, in any sequence of events", () => {
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
        else if (what === "idle") suspension.clearIfDue();
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
