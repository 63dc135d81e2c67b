import { hours } from "@mcp-orchestrator/alerts";
import { HttpStatusError } from "../../testkit/http.ts";
import { until } from "../../testkit/until.ts";
import { FaultError, type InjectFault } from "./fault.ts";
import type { AlertmanagerFaultContext, FaultContext, RulesFaultContext } from "./faultContext.ts";

/** What breaks the way from a rule to a receiver. */

/** Longest time until an alert that has ended is gone from Alertmanager, at any scale. */
const ENDED_MS = 15_000;
/** An alert of another service: only its receiver matters here. */
const ANOTHER = { alertname: "AnotherServiceSlow", service: "another", severity: "warning" };

/** Slack answers that there is no such webhook, and Alertmanager has something to send there. */
export const revokeWebhook: InjectFault<AlertmanagerFaultContext> = async ({ alertmanager }) => {
  await alertmanager.setWebhook("slack-warnings", "/slack/Revoked");
  const startsAt = new Date().toISOString();
  await alertmanager.post([{ labels: ANOTHER, startsAt, endsAt: new Date(Date.now() + hours(1)).toISOString() }]);
  return {
    remove: async () => {
      // It ends first: it is not to be sent when the webhook works again.
      await alertmanager.post([{ labels: ANOTHER, startsAt, endsAt: new Date().toISOString() }]);
      await until("the alert of another service to end", { timeoutMs: ENDED_MS }, async () => {
        const held = (await alertmanager.alerts()).filter(({ labels }) => labels.alertname === ANOTHER.alertname);
        if (held.length > 0) throw new FaultError("revoke-webhook", "Alertmanager still holds it");
      });
      await alertmanager.setWebhook("slack-warnings");
    },
  };
};

/** Two series that become one: a vector cannot hold the same labels twice. */
const BROKEN = {
  name: "mcp-orchestrator-added",
  interval: "1s",
  rules: [
    {
      record: "added:mcp_workers:broken",
      expr: 'label_replace({__name__=~"mcp_(active|expected)_workers"}, "__name__", "workers", "", "")',
    },
  ],
};

/** Someone adds a rule that Prometheus accepts and cannot evaluate. */
export const breakARule: InjectFault<RulesFaultContext> = async ({ prometheus }) => {
  await prometheus.loadRules([BROKEN]);
  return {
    remove: () => prometheus.loadRules(),
    restore: () => prometheus.writeRules(),
    requireEnded: async () => {
      const names = await prometheus.ruleNames();
      if (BROKEN.rules.some(({ record }) => names.includes(record)))
        throw new FaultError("break-a-rule", "Prometheus still has the rule");
    },
  };
};

/** Someone changes the routes by hand, and makes a mistake. */
export const breakAlertmanagerConfiguration: InjectFault<AlertmanagerFaultContext> = async ({ alertmanager }) => {
  const rejected = await alertmanager.configure("route: { receiver: nowhere }\n").then(
    () => false,
    (error: unknown) => error instanceof HttpStatusError,
  );
  if (!rejected) throw new FaultError("break-alertmanager-configuration", "Alertmanager accepted it");
  return {
    remove: () => alertmanager.configure(),
    restore: () => alertmanager.writeConfig(),
    requireEnded: async () => {
      if (!(await alertmanager.hasAccepted()))
        throw new FaultError(
          "break-alertmanager-configuration",
          "Alertmanager has not loaded its former configuration",
        );
    },
  };
};

/** One of the replicas goes from service discovery, and works on. */
export const hideAReplica: InjectFault<FaultContext> = async ({ prometheus }) => {
  await prometheus.scrape(prometheus.addresses.slice(0, -1));
  return { remove: () => prometheus.scrape(prometheus.addresses) };
};
