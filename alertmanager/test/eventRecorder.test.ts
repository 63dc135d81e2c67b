import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BUNDLE, drillProfile } from "@mcp-orchestrator/alerts";
import { ALERTMANAGER_RELEASES, alertmanager, amtool, runOn } from "@mcp-orchestrator/alerts/tools";
import { ALERTMANAGER_CONFIG, startAlertmanager } from "@mcp-orchestrator/e2e/testkit/servers/alertmanager";
import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { expect, test } from "vitest";
import { accountEndpoints, renderAlertmanager } from "../src/index.ts";

/** The event recorder, as docs/guides/prometheus.md adds it to the generated configuration. */

const guide = readFileSync(new URL("../../docs/guides/prometheus.md", import.meta.url), "utf8");
const [, recorder = "", path = ""] = /```yaml\n(event_recorder:\n[\s\S]*?path: (\S+)\n)```/.exec(guide) ?? [];
const generated = renderAlertmanager(drillProfile(600), accountEndpoints(BUNDLE, "0.30"), BUNDLE, "0.30");

test.each(ALERTMANAGER_RELEASES)("the configuration with it is read by 0.33 and newer: %s", async (release) => {
  expect(path).not.toBe("");
  const outcome = await runOn({ "a.yml": `${generated}${recorder}` }, amtool(release), ["check-config", "a.yml"]);
  expect(outcome.output).toMatch(release === "0.25" ? /field (event_recorder|name) not found/ : /SUCCESS/);
});

test("it records by which inhibition a message was not sent", async () => {
  let file = "";
  const files = ({ dataDir }: { readonly dataDir: string }) => {
    file = join(dataDir, "events.jsonl");
    return { [ALERTMANAGER_CONFIG]: `${generated}${recorder.replace(path, file)}` };
  };
  const options = { files, flags: ["--enable-feature=event-recorder"] };
  await using server = await startAlertmanager(options, { command: alertmanager("0.33") });
  const labels = (alertname: string) => ({ alertname, severity: "warning", service: "mcp-orchestrator" });
  await server.post([{ labels: labels("NoActiveWorkers") }, { labels: labels("HighConsumerLag") }]);
  const events = await eventually(
    async () => readFileSync(file, "utf8").split("\n"),
    (lines) => lines.some((line) => line.includes("inhibitionMutedAlert")),
  );
  const muted = events.filter((line) => line.includes("inhibitionMutedAlert"));
  for (const line of muted) {
    expect(line).toContain('"HighConsumerLag"');
    // It names the rule by its matchers, although the rule has a name.
    expect(line).toMatch(/"sourceMatchers":[^\]]*"pattern":"NoActiveWorkers"/);
  }
});
