import { alertNamed, BUNDLE, drillProfile } from "@mcp-orchestrator/alerts";
import { expect } from "vitest";
import { serviceEnvironment } from "../../drill/serviceEnvironment.ts";
import type { Notification } from "../../services/inbox/notification.ts";
import { test } from "../../stack/testing.ts";
import { until } from "../../testkit/until.ts";

/**
 * Two services with a Redis each, in one Prometheus and one Alertmanager, as docs/guides/prometheus.md configures them.
 */

const PROFILE = drillProfile();
const STEP_TIMEOUT_MS = 60_000;
const ORDERS = { namespace: "orders" };
const BILLING = { namespace: "billing" };
const SCOPE = { labels: ["namespace"], installations: [ORDERS, BILLING], replicaLabels: [] };

const OUTAGE = "NoActiveWorkers";
/** A warning that an outage inhibits in its own installation. */
const WARNING = "HighConsumerLag";
/** More than the threshold in force, and less than that of QueueDepthSpike. */
const BACKLOG = alertNamed(WARNING).threshold.value + 60;

test("an outage of one names it, mutes nothing of the other, and resolves", async ({ stackWith }) => {
  const options = { profile: PROFILE, settings: serviceEnvironment(PROFILE), bundle: { ...BUNDLE, scope: SCOPE } };
  const [orders, billing] = [
    await stackWith({ ...options, rules: "by-caller" }),
    await stackWith({ ...options, rules: "by-caller" }),
  ];
  const { prometheus, alertmanager, inbox } = orders;
  await prometheus.scrape([...prometheus.addresses, ...billing.prometheus.addresses], [ORDERS, BILLING]);
  await prometheus.waitForTargets(2, STEP_TIMEOUT_MS, { job: BUNDLE.job });
  await prometheus.loadRules();

  const firing = (name: string, labels: object) =>
    prometheus.waitForAlert(name, "firing", { timeoutMs: STEP_TIMEOUT_MS, labels: { ...labels } });
  /** Messages about one alert, and whether each is about this installation alone. */
  const messages = (name: string, { namespace }: typeof ORDERS, status: Notification["status"]) =>
    inbox.store
      .list()
      .filter((item) => item.alertname === name && item.status === status)
      .map(({ receiver, body }) => {
        const named = [ORDERS, BILLING].map((one) => one.namespace).filter((one) => JSON.stringify(body).includes(one));
        return { receiver, named: named.join() === namespace };
      });
  const received = (name: string, where: typeof ORDERS, status: Notification["status"], receivers: string[]) =>
    until(`messages about ${name} ${status}`, { timeoutMs: STEP_TIMEOUT_MS }, () =>
      expect(messages(name, where, status).toSorted((a, b) => a.receiver.localeCompare(b.receiver))).toEqual(
        receivers.map((receiver) => ({ receiver, named: true })),
      ),
    );
  const held = async (name: string) => (await alertmanager.alerts()).filter(({ labels }) => labels.alertname === name);

  // The heartbeat names both, and nothing else is on.
  await firing("Watchdog", ORDERS);
  await firing("Watchdog", BILLING);
  expect((await prometheus.alerts()).filter(({ name }) => name !== "Watchdog")).toEqual([]);

  await orders.orchestrator.server.stop();
  const outage = await firing(OUTAGE, ORDERS);
  expect(outage?.labels).toMatchObject({ severity: "critical", service: "mcp-orchestrator", page: "true" });
  await received(OUTAGE, ORDERS, "firing", ["pagerduty", "slack-critical"]);

  await billing.simulator.control({ market: { stall: true } });
  const payload = { symbol: "BTCUSDT", interval: "60", limit: 24 };
  await billing.orchestrator.submitBatch(Array.from({ length: BACKLOG }, () => ({ type: "ml", priority: 5, payload })));
  await firing(WARNING, BILLING);
  await received(WARNING, BILLING, "firing", ["slack-warnings"]);
  expect(await held(WARNING)).toMatchObject([{ labels: BILLING, status: { state: "active", inhibitedBy: [] } }]);
  // It does inhibit what it explains: in its own installation.
  const [own] = await held(OUTAGE);
  expect(own?.labels).toMatchObject(ORDERS);
  expect(await held("OrchestratorTargetDown")).toMatchObject([
    { labels: ORDERS, status: { state: "suppressed", inhibitedBy: [own?.fingerprint] } },
  ]);

  await orders.orchestrator.server.start();
  await billing.simulator.control({ market: { stall: false } });
  for (const name of [OUTAGE, WARNING]) {
    await prometheus.waitForAlert(name, "inactive", { timeoutMs: STEP_TIMEOUT_MS });
  }
  await received(OUTAGE, ORDERS, "resolved", ["pagerduty", "slack-critical"]);
  await received(WARNING, BILLING, "resolved", ["slack-warnings"]);

  const about = new Set(inbox.store.list().map(({ alertname }) => alertname));
  expect(about).toEqual(new Set(["Watchdog", OUTAGE, WARNING]));
  expect(inbox.store.rejected()).toEqual([]);
});
