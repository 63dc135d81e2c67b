import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { drillProfile } from "@mcp-orchestrator/alerts";
import { expect } from "vitest";
import { test } from "../../stack/testing.ts";
import { until } from "../../testkit/until.ts";

const PROFILE = drillProfile();
const TIMEOUT_MS = 30_000;

test("rules are loaded when workers are active, so that no outage is pending after a start", async ({ stackWith }) => {
  const { prometheus } = await stackWith({ profile: PROFILE, rules: "by-caller" });
  let active = 0;
  const replica = createServer((_, response) =>
    response
      .setHeader("content-type", "text/plain; version=0.0.4")
      .end(`mcp_active_workers{type="ml"} ${active}\nmcp_expected_workers{type="ml"} 1\n`),
  ).listen(0, "127.0.0.1");
  try {
    await once(replica, "listening");
    const instance = `127.0.0.1:${(replica.address() as AddressInfo).port}`;
    const workersOf = `mcp_active_workers{instance="${instance}"}`;
    await prometheus.scrape([instance]);
    await until("series of this replica alone", { timeoutMs: TIMEOUT_MS }, async () => {
      const series = await prometheus.query("mcp_active_workers");
      if (series.length !== 1 || series[0]?.value !== 0) throw new Error(JSON.stringify(series));
    });
    let loaded = false;
    const rules = prometheus.startRulesWhenScraped().then(() => {
      loaded = true;
    });
    const scrapes = async () => (await prometheus.samples(`${workersOf}[1m]`)).length;
    const before = await scrapes();
    await until("further scrapes", { timeoutMs: TIMEOUT_MS }, async () => {
      if ((await scrapes()) < before + 3) throw new Error(`${await scrapes()} of ${before + 3}`);
    });
    expect(loaded).toBe(false);
    active = 1;
    await rules;
    expect(await prometheus.ruleNames()).toContain("NoActiveWorkers");
    expect((await prometheus.alerts()).map(({ name }) => name)).not.toContain("NoActiveWorkers");
  } finally {
    replica.closeAllConnections();
    replica.close();
  }
});
