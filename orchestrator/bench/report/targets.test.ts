import { expect, it } from "vitest";
import { judge } from "./targets.ts";

it("says of each measured target whether it was reached, on the right side of its limit", () => {
  expect(judge({ enqueue: 4, latency: 0.51 })).toEqual([
    expect.objectContaining({ limit: "≥ 4 x", measured: "4.00 x", reached: true }),
    expect.objectContaining({ limit: "≤ 0.5 x", measured: "0.510 x", reached: false }),
  ]);
});
