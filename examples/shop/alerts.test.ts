import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { testSamples } from "@mcp-orchestrator/alerts/define";
import { runEpisode, startAlertDrill } from "@mcp-orchestrator/e2e/alert-drill";
import { freePort } from "@mcp-orchestrator/e2e/testkit/ports";
import { until } from "@mcp-orchestrator/e2e/testkit/until";
import { RULES } from "./alert.ts";

/** The shop's alert: its rule by samples at production timing, then a real fault on real servers, sped up. */

let port: number;
let shop: ChildProcess;
const call = (method: string, path: string) => fetch(`http://127.0.0.1:${port}${path}`, { method });

before(async () => {
  port = await freePort();
  const server = fileURLToPath(new URL("server.ts", import.meta.url));
  shop = spawn(process.execPath, [server, String(port)], { env: {}, stdio: "inherit" });
  await until("the shop to serve", { timeoutMs: 10_000 }, () => call("GET", "/metrics"));
});
after(() => shop.kill());

test("the rule behaves as its samples say", async () => {
  const { ok, output } = await testSamples(RULES);
  assert.ok(ok, output);
});

test("failing orders page the on-call engineer, and the page resolves", async () => {
  await using drill = await startAlertDrill({ rules: RULES, ports: [port] });
  const times = await runEpisode(drill, {
    alert: "ShopOrdersFailing",
    receivers: ["pagerduty", "slack-critical"],
    // The window of the rate fills from the first scrape on, and empties afterwards.
    fillMs: 0,
    drainMs: 120_000,
    inject: () => call("POST", "/break"),
    remove: () => call("POST", "/repair"),
  });
  console.log(times);
});
