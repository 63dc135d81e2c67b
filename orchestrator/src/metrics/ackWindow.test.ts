import { expect, it } from "vitest";
import { AckWindow } from "./ackWindow.ts";
import { Cells } from "./cells.ts";
import { createLayout } from "./layout.ts";
import { Totals } from "./totals.ts";

function setUp() {
  const totals = new Totals(createLayout(["ml"]));
  let nowMs = 0;
  const window = new AckWindow(totals, () => nowMs);
  const rate = () => window.read().find(({ lane }) => lane === "express")?.rate;
  /** Lets time pass as it does when the window is read every few seconds. */
  const pass = (ms: number) => {
    for (const end = nowMs + ms; nowMs < end; ) {
      nowMs += 2_000;
      rate();
    }
  };
  return { lane: new Cells(totals.layout, totals.values).lane("ml", "express"), rate, pass };
}

it("is 1 where there was no attempt", () => {
  expect(setUp().rate()).toBe(1);
});

it("is the share of attempts that succeeded", () => {
  const { lane, rate } = setUp();
  lane.ackAttempts(3, 1);
  expect(rate()).toBe(0.75);
});

it("forgets attempts after five minutes, and not before", () => {
  const { lane, rate, pass } = setUp();
  pass(60_000);
  lane.ackAttempts(0, 10);
  pass(290_000);
  expect(rate()).toBe(0);
  pass(20_000);
  expect(rate()).toBe(1);
});
