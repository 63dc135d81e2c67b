import { PRODUCTION } from "@mcp-orchestrator/alerts";
import { expect, test } from "vitest";
import { askPrometheus, emptyPanels, reportPanels } from "../src/index.ts";
import { HISTORY_MINUTES } from "./support/history.ts";
import { startRecordedPrometheus } from "./support/prometheus.ts";

test("every query of every panel returns numbers from an evening with incidents", async () => {
  const recorded = await startRecordedPrometheus();
  await using prometheus = recorded.prometheus;
  const results = await reportPanels({
    ask: askPrometheus(prometheus.url),
    nowMs: recorded.endSeconds * 1000,
    rangeMs: HISTORY_MINUTES * 60_000,
    scrapeIntervalMs: PRODUCTION.prometheus.scrapeIntervalMs,
  });
  expect(results.length).toBeGreaterThan(80);
  expect(emptyPanels(results)).toEqual([]);
});
