import { expect, test } from "vitest";
import { merged, renderReport, scoreOf } from "./report.ts";
import type { AreaResult, Survivor } from "./result.ts";

const missed: Survivor = {
  ...{ file: "redis/lua/lease.lua", line: 3, source: "a()", operator: "call dropped" },
  change: "a() -> (nothing)",
};
const argued: Survivor = {
  ...{ file: "redis/lua/complete.lua", line: 26, source: "redis.pcall('XPENDING')", operator: "pcall" },
  change: "redis.pcall -> redis.call",
};
const result = (area: string, fields: Partial<AreaResult> = {}): AreaResult => {
  return { area, killed: 8, survivors: [], leftOut: 0, notTried: 0, ...fields };
};

test("mutants that change nothing do not count, survivors do", () => {
  expect(scoreOf([result("a"), result("b", { killed: 1, survivors: [missed, argued] })])).toBe(90);
  expect(scoreOf([])).toBe(100);
});

test("the report has a row for each area, each survivor, and the reason for each that changes nothing", () => {
  const results = [
    result("metrics", { leftOut: 3, notTried: 2 }),
    result("lua/x", { killed: 1, survivors: [missed, argued] }),
  ];
  const report = renderReport(results, ["metrics", "lua/x", "lua/y"]);
  expect(report).toContain("Not measured yet:\n\n- lua/y\n\n");
  expect(renderReport(results, ["metrics", "lua/x"])).not.toContain("Not measured");
  expect(report).toContain("**90 %**");
  expect(report).toContain("| metrics | 8 | 8 | 0 | 0 | 3 | 2 |  | 100 % (67 to 100 %) |");
  expect(report).toContain("| lua/x | 3 | 1 | 1 | 1 | 0 | 0 |  | 50 % |");
  expect(report).toContain("- redis/lua/lease.lua:3 call dropped: `a() -> (nothing)`\n");
  expect(report).toMatch(/- redis\/lua\/complete\.lua:26 pcall: `redis\.pcall -> redis\.call`: \w.*\.\n/);
});

test("the interval of a sample does not include the tests that were written for it", () => {
  const report = renderReport([result("metrics", { killedAtFirst: 6, notTried: 2 })], ["metrics"]);
  expect(report).toContain("| metrics | 8 | 8 | 0 | 0 | 0 | 2 | 75 % | 100 % (40 to 93 %) |");
});

test("areas that were not tried keep their results", () => {
  const older = [result("a"), result("b"), result("gone")];
  const newer = [result("b", { killed: 9 }), result("c")];
  expect(merged(older, newer, ["a", "b", "c"]).map(({ area, killed }) => [area, killed])).toEqual([
    ["a", 8],
    ["b", 9],
    ["c", 8],
  ]);
});
