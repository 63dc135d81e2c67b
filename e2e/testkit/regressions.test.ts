import fc from "fast-check";
import { expect, test } from "vitest";
import { formatRegression } from "./regressions.ts";

test("a stored schedule equals the schedule that failed", () => {
  const items = fc.array(fc.record({ atMs: fc.nat(), kind: fc.string() }), { maxLength: 5 });
  const schedule = fc.record({ seed: fc.nat(), named: fc.boolean(), tasks: items, faults: items });
  fc.assert(
    fc.property(schedule, fc.array(fc.string()), (drawn, found) => {
      const regression = { found, schedule: drawn };
      expect(JSON.parse(formatRegression(regression))).toEqual(regression);
    }),
  );
});
