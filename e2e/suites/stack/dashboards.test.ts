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
/** The list of active alerts is rightly empty while all is well; the fire drill fills it. */
const EMPTY_WHEN_HEALTHY = ["mcp-orchestrator alerts-active"];

describe("the dashboards of a service under load", () => {
  test("show numbers in every panel", async ({ stackWith }) => {
    const stack = await stackWith({ profile: PROFILE, settings: serviceEnvironment(PROFILE) });
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
      expect(empty.filter((line) => !EMPTY_WHEN_HEALTHY.some((panel) => line.startsWith(panel)))).toEqual([]);
      return results;
    });
    expect(report.filter(({ error }) => error !== undefined)).toEqual([]);
  });
});
