import { join } from "node:path";
import { drillProfile, hours } from "@mcp-orchestrator/alerts";
import { ALERTMANAGER_RELEASES, alertmanager } from "@mcp-orchestrator/alerts/tools";
import {
  ALERTMANAGER_CONFIG,
  startAlertmanager,
  type TestAlertmanager,
} from "@mcp-orchestrator/e2e/testkit/servers/alertmanager";
import type { PostedAlert } from "@mcp-orchestrator/e2e/testkit/servers/alertmanagerClient";
import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { describe, expect, test } from "vitest";
import { renderAlertmanager, SLACK_RECEIVERS, type SlackReceiver, TEMPLATES_FOLDER } from "../src/index.ts";
import { Capture } from "./support/capture.ts";

/** Half a minute becomes 50 ms. The repeat interval is longer than any test. */
const fast = drillProfile(600);
const profile = { ...fast, alertmanager: { ...fast.alertmanager, repeatIntervalMs: hours(4) } };

const INHIBITION_DEADLINE_MS = 20_000;

const common = { service: "mcp-orchestrator", team: "platform" };
const links = (name: string, panel: string) => ({
  runbook_url: `http://localhost:8090/runbooks/${name}.md`,
  dashboard_url: `http://localhost:3000/d/mcp-orchestrator?viewPanel=${panel}`,
});
const startsAt = "2020-01-02T03:04:05.000Z";

const depth = (type: string, minute: string): PostedAlert => ({
  labels: {
    alertname: "QueueDepthSpike",
    severity: "critical",
    queue: `mcp:queue:${type}`,
    type,
    lane: "regular",
    ...common,
  },
  annotations: {
    summary: `Queue mcp:queue:${type} holds more than 500 messages`,
    description: `mcp:queue:${type} holds 612 messages and has been above 500 messages for 5m.`,
    ...links("QueueDepthSpike", `5&var-type=${type}`),
  },
  startsAt: `2020-01-02T03:${minute}:05.000Z`,
});
const outage: PostedAlert = {
  labels: { alertname: "NoActiveWorkers", severity: "critical", page: "true", ...common },
  annotations: {
    summary: "No worker is consuming: the service is down",
    description: "For 2m no worker has consumed a task.",
    ...links("NoActiveWorkers", "8"),
  },
  startsAt,
};
const slow: PostedAlert = {
  labels: { alertname: "ExpressLatencyHigh", severity: "warning", type: "ml", ...common },
  annotations: {
    summary: "Express ml tasks take longer than 100 ms (p95)",
    description: "The 95th percentile of express ml tasks over the last 5m is 147.5ms, above 100 ms for 5m.",
    ...links("ExpressLatencyHigh", "6&var-type=ml"),
  },
  startsAt,
};
const unrelated: PostedAlert = {
  labels: { alertname: "DiskFull", host: "a & b" },
  annotations: {},
  startsAt,
  generatorURL: "http://prometheus.example/graph",
};
const watchdog: PostedAlert = {
  labels: { alertname: "Watchdog", severity: "none", ...common },
  annotations: { summary: "Alerting works from end to end", description: "Always.", ...links("Watchdog", "1") },
  startsAt,
};

const resolved = (alert: PostedAlert): PostedAlert => ({ ...alert, endsAt: new Date().toISOString() });
const firing = (alert: PostedAlert): PostedAlert => ({ ...alert, endsAt: "2040-01-01T00:00:00.000Z" });

/**
 * Waits until Alertmanager mutes the consequences of an outage. It processes notifications and inhibitions side by
 * side: a consequence that arrives too soon after the outage could be notified.
 */
async function inhibiting(server: TestAlertmanager): Promise<void> {
  await server.silence({ probe: "yes" }, hours(1));
  const probe = depth("probe", "00");
  await server.post([firing({ ...probe, labels: { ...probe.labels, probe: "yes" } })]);
  await eventually(
    () => server.alerts(),
    (alerts) => alerts.some(({ labels, status }) => labels.probe && status.inhibitedBy.length > 0),
    INHIBITION_DEADLINE_MS,
  );
}

/** Groups are notified in any order; the messages of one group keep theirs. */
function byTitle(messages: readonly unknown[]): unknown[] {
  const nameOf = (message: unknown) => /\] (\w+)/.exec(JSON.stringify(message))?.[1] ?? "";
  return [...messages].sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
}

/** Replaces the end times in a message, which are those of the test. */
function timeless(messages: unknown): string {
  const text = JSON.stringify(messages, null, 2);
  const year = new Date().getUTCFullYear();
  return `${text
    .replace(new RegExp(`<!date\\^\\d+\\^([^|]*)\\|${year}-[^>]*>`, "g"), "<END $1>")
    .replace(new RegExp(`${year}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC`, "g"), "END")
    .replace(/\\u003c/g, "<")
    .replace(/\\u003e/g, ">")}\n`;
}

function start(release: (typeof ALERTMANAGER_RELEASES)[number], capture: Capture): Promise<TestAlertmanager> {
  const files = ({ configDir }: { configDir: string }) => ({
    [ALERTMANAGER_CONFIG]: renderAlertmanager(profile, {
      slackUrlFiles: Object.fromEntries(SLACK_RECEIVERS.map((name) => [name, join(configDir, name)])) as Record<
        SlackReceiver,
        string
      >,
      pagerduty: { url: `${capture.url}/pagerduty/v2/enqueue`, routingKeyFile: join(configDir, "key") },
      deadman: { url: `${capture.url}/deadman` },
      templates: `${TEMPLATES_FOLDER}/*.tmpl`,
    }),
    key: "0123456789abcdef0123456789abcdef",
    ...Object.fromEntries(SLACK_RECEIVERS.map((name) => [name, `${capture.url}/slack/${name}`])),
  });
  const externalUrl = "http://alertmanager.example:9093";
  return startAlertmanager({ files, externalUrl }, { command: alertmanager(release) });
}

describe.each(ALERTMANAGER_RELEASES)("Alertmanager %s", (release) => {
  test("writes the messages for people, firing and resolved", async () => {
    await using capture = await Capture.start();
    await using server = await start(release, capture);

    await server.post([outage, unrelated, watchdog].map(firing));
    const heartbeat = await capture.posts("/deadman", 1);
    expect(heartbeat[0]).toMatchObject({ receiver: "deadman", status: "firing" });
    await capture.posts("/slack/slack-critical", 1);
    await capture.posts("/pagerduty/v2/enqueue", 1);
    await capture.posts("/slack/team-platform", 1);

    // The outage inhibits its consequences: no notification is sent for them until it has ended.
    await inhibiting(server);
    await server.post([depth("ml", "04"), depth("reasoning", "06"), slow].map(firing));
    await server.post([resolved(outage)]);
    await capture.posts("/pagerduty/v2/enqueue", 2);
    // After the outage the queues are notified, in one message.
    await capture.posts("/slack/slack-critical", 3);
    await capture.posts("/slack/slack-warnings", 1);
    await server.post([resolved(depth("ml", "04"))]);
    await capture.posts("/slack/slack-critical", 4);
    await server.post([resolved(depth("reasoning", "06")), resolved(slow), resolved(unrelated)]);
    const critical = await capture.posts("/slack/slack-critical", 5);
    const warnings = await capture.posts("/slack/slack-warnings", 2);
    const team = await capture.posts("/slack/team-platform", 2);
    const pages = await capture.posts("/pagerduty/v2/enqueue", 2);

    const golden = { critical: byTitle(critical), warnings, team, pages };
    for (const [name, messages] of Object.entries(golden)) {
      await expect(timeless(messages)).toMatchFileSnapshot(`golden/${release}/${name}.json`);
    }
  });
});
