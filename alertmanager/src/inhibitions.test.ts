import { alertNamed } from "@mcp-orchestrator/alerts";
import { expect, test } from "vitest";
import { INHIBITIONS } from "./inhibitions.ts";

test("a warning inhibits warnings only", () => {
  const warnings = INHIBITIONS.filter(({ source }) => alertNamed(source).severity !== "critical");
  const critical = warnings.flatMap(({ source, targets }) =>
    targets.filter((target) => alertNamed(target).severity === "critical").map((target) => `${source} over ${target}`),
  );
  expect(critical).toEqual([]);
  expect(warnings.map(({ source }) => source)).toContain("TaskFailureRateHigh");
});

const sources: readonly string[] = INHIBITIONS.map(({ source }) => source);

test("a source resolves after its targets, so that no consequence is notified at the end of an incident", () => {
  for (const { source, targets } of INHIBITIONS) {
    for (const target of targets) {
      const ms = { source: alertNamed(source).keepFiringForMs, target: alertNamed(target).keepFiringForMs };
      // A target that is a source too keeps firing no longer than its source, and longer than its own targets.
      if (sources.includes(target)) expect(ms.source, `${source} over ${target}`).toBeGreaterThanOrEqual(ms.target);
      else expect(ms.source, `${source} over ${target}`).toBeGreaterThan(ms.target);
    }
  }
});
