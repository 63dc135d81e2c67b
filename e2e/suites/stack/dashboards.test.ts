import { drillProfile } from "@mcp-orchestrator/alerts";
import { askPrometheus, emptyPanels, reportPanels } from "@mcp-orchestrator/dashboards";
import { describe, expect } from "vitest";
import { serviceEnvironment } from "../../drill/serviceEnvironment.ts";
import { Load } from "../../services/load/load.ts";
import { steadyLoad } from "../../services/load/rates.ts";
import { ServiceApi } from "../../services/load/serviceApi.ts";
import { test } from "../../stack/testing.ts";
import { until } from "../../testkit/until.ts";

const PROFILE = drillProfile();
const RANGE_MS = 30_000;
const TIMEOUT_MS = 60_000;
/** Empty without a fault: no alert is active, and the rules record a ratio only after failures or rejections. */
const EMPTY_WHEN_HEALTHY = [
  " alerts-active: ",
  "type:mcp_tasks_failed:ratio",
  "type_lane:mcp_tasks_refused:ratio",
  "type_lane:mcp_ack_failures:ratio",
  "type_lane:mcp_ack_attempts:success_ratio",
];

describe("the dashboards of a service under load", () => {
  test("show numbers in every panel", async ({ stackWith }) => {
    const stack = await stackWith({
      profile: PROFILE,
      settings: serviceEnvironment(PROFILE),
      watchesAlerting: true,
      objectives: true,
    });
    await using api = new ServiceApi(stack.orchestrator.url);
    await using load = new Load({ api, ledger: { note: () => {} }, idPrefix: `dashboards-${Date.now()}` });
    load.run(steadyLoad(PROFILE));

    const report = await until("numbers in every panel", { timeoutMs: TIMEOUT_MS, intervalMs: 1_000 }, async () => {
      const results = await reportPanels({
        ask: askPrometheus(stack.prometheus.url),
        nowMs: Date.now(),
        rangeMs: RANGE_MS,
        scrapeIntervalMs: PROFILE.prometheus.scrapeIntervalMs,
      });
      const empty = emptyPanels(results);
      expect(empty.filter((line) => !EMPTY_WHEN_HEALTHY.some((part) => line.includes(part)))).toEqual([]);
      return results;
    });
    expect(report.filter(({ error }) => error !== undefined)).toEqual([]);
  });
});
