import { expect, test } from "vitest";
import { drawSchedule } from "./draw.ts";
import { formatRegression } from "./regressions.ts";

test("a kept schedule is the schedule that failed", () => {
  const regression = { found: ["lost"], schedule: drawSchedule(11) };
  expect(JSON.parse(formatRegression(regression))).toEqual(regression);
});
