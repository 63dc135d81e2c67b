import { expect, it } from "vitest";
import { judge } from "./targets.ts";

it("compares each measured target with its limit", () => {
  expect(judge({ enqueue: 4, latency: 0.51 })).toEqual([
    expect.objectContaining({ limit: "≥ 4 x", measured: "4.00 x", reached: true }),
    expect.objectContaining({ limit: "≤ 0.5 x", measured: "0.510 x", reached: false }),
  ]);
});
