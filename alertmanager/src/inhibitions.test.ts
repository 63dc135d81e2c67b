import { alertNamed } from "@mcp-orchestrator/alerts";
import { expect, test } from "vitest";
import { INHIBITIONS } from "./inhibitions.ts";

const sources: readonly string[] = INHIBITIONS.map(({ source }) => source);

test("what inhibits outlives what it inhibits, so that no consequence is notified at the end of an incident", () => {
  for (const { source, targets } of INHIBITIONS) {
    for (const target of targets) {
      const ms = { source: alertNamed(source).keepFiringForMs, target: alertNamed(target).keepFiringForMs };
      // Inhibitors keep firing equally long, also where one inhibits another.
      if (sources.includes(target)) expect(ms.source, `${source} over ${target}`).toBe(ms.target);
      else expect(ms.source, `${source} over ${target}`).toBeGreaterThan(ms.target);
    }
  }
});
