import fc from "fast-check";
import { expect, it } from "vitest";
import { EXPRESS_PRIORITY, laneOf, MAX_PRIORITY } from "./task.ts";

it("uses the express lane from priority 12, as the runbook requires", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: MAX_PRIORITY }), (priority) => {
      expect(laneOf(priority)).toBe(priority >= EXPRESS_PRIORITY ? "express" : "regular");
    }),
  );
  expect([laneOf(11), laneOf(12)]).toEqual(["regular", "express"]);
});
