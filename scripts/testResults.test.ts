import { mkdtempDisposableSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { countReport, sum } from "./testResults.ts";

const { path: folder, remove } = mkdtempDisposableSync(join(tmpdir(), "mcp-orchestrator-results-"));
afterAll(remove);

const report = (numPassedTests: number, numFailedTests: number, testResults: object[] = []) => {
  const file = join(folder, "report.json");
  writeFileSync(file, JSON.stringify({ numPassedTests, numFailedTests, testResults }));
  return file;
};

test("a report is counted", () => {
  expect(countReport(report(7, 0), 0)).toEqual({ passed: 7, failed: 0 });
  expect(countReport(report(7, 2), 1)).toEqual({ passed: 7, failed: 2 });
});

test("a file that could not be loaded is a failure", () => {
  expect(countReport(report(7, 0, [{ status: "failed", assertionResults: [] }]), 1)).toEqual({ passed: 7, failed: 1 });
});

test("a failed run without a failed test, or without a report, is a failure", () => {
  expect(countReport(report(7, 0), 1)).toEqual({ passed: 7, failed: 1 });
  expect(countReport(join(folder, "nothing.json"), 0)).toEqual({ passed: 0, failed: 1 });
});

test("counts add up", () => {
  expect(sum([])).toEqual({ passed: 0, failed: 0 });
  expect(
    sum([
      { passed: 1, failed: 2 },
      { passed: 3, failed: 4 },
    ]),
  ).toEqual({ passed: 4, failed: 6 });
});
