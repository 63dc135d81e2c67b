import { expect, test } from "vitest";
import { renderBadge, renderReport, score, tally, withScore } from "./report.ts";

const why = (name: string) => (name === "same" ? "Nothing changes." : undefined);

const SCOPE = { sets: 5, budgets: false };

test("equivalent mutants do not count, survivors do", () => {
  const tallies = [tally("a", 10, ["same"], why), tally("b", 5, ["missed"], why)];
  expect(score(tallies)).toEqual({ killed: 13, killable: 14 });
  const report = renderReport(tallies, SCOPE);
  expect(report).toContain("**13 of 14 killed** (92.8 %)");
  expect(report).toContain("- `missed`");
  expect(report).toContain("- `same`: Nothing changes.");
  expect(JSON.parse(renderBadge(tallies))).toMatchObject({ message: "13 of 14", color: "red" });
});

test("with all killed the badge is green", () => {
  expect(JSON.parse(renderBadge([tally("a", 3, [], why)]))).toMatchObject({ message: "3 of 3", color: "brightgreen" });
});

test("the report has a row for each area", () => {
  const report = renderReport([tally("a", 10, ["same", "missed"], why), tally("routes", 3, [], why)], SCOPE);
  expect(report).toContain("| a | 10 | 8 | 1 | 1 |");
  expect(report).toContain("| routes | 3 | 3 | 0 | 0 |");
});

test("only the text between the marks is replaced by the score", () => {
  const tallies = [tally("a", 10, ["same"], why)];
  const text = "All <!-- mutants -->1 of 2<!-- /mutants --> of 1 of 2.";
  expect(withScore(text, tallies)).toBe("All <!-- mutants -->9 of 9<!-- /mutants --> of 1 of 2.");
  expect(() => withScore("no marks", tallies)).toThrow(RangeError);
});
