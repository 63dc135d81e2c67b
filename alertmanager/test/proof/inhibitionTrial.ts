import { PRODUCTION } from "@mcp-orchestrator/alerts";
import { type AlertmanagerRelease, alertmanager } from "@mcp-orchestrator/alerts/tools";
import {
  ALERTMANAGER_CONFIG,
  startAlertmanager,
  type TestAlertmanager,
} from "@mcp-orchestrator/e2e/testkit/servers/alertmanager";
import type { HeldAlert } from "@mcp-orchestrator/e2e/testkit/servers/alertmanagerClient";
import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { dump } from "js-yaml";
import { type AlertmanagerConfig, alertmanagerConfig } from "../../src/config.ts";
import { bundledEndpoints } from "../../src/endpoints.ts";
import { INHIBITION_CASES, type InhibitionCase, SEVERITY_OF } from "./inhibitionCases.ts";

type Labels = Readonly<Record<string, string>>;

const DEADLINE_MS = 30_000;

/**
 * A pair of alerts with an inhibition of its own, posted behind the others. Alertmanager looks at alerts in the order in
 * which they came: when this target is muted, the picture of all before it is complete.
 */
const SENTINEL = { source: { alertname: "SentinelSource" }, target: { alertname: "SentinelTarget" } };
const SENTINEL_RULE = {
  source_matchers: [`alertname="${SENTINEL.source.alertname}"`],
  target_matchers: [`alertname="${SENTINEL.target.alertname}"`],
  equal: ["case"],
};

let trials = 0;

/**
 * Posts the alerts of a case and compares what is muted with what must be.
 *
 * @returns what is wrong; nothing when the picture is right
 */
export async function inhibitionComplaints(server: TestAlertmanager, story: InhibitionCase): Promise<string[]> {
  trials += 1;
  // A label of its own tells the alerts of one trial from those of another.
  const trial = `${story.name} (${trials})`;
  const startsAt = new Date().toISOString();
  const alerts = [
    ...[...story.heard, ...story.muted].map((alert) => ({
      service: "mcp-orchestrator",
      severity: SEVERITY_OF[alert.alertname],
      ...alert,
    })),
    SENTINEL.source,
    SENTINEL.target,
  ].map((labels) => ({ labels: { ...labels, case: trial }, startsAt }));
  await server.post(alerts);
  try {
    const complete = (states: readonly HeldAlert[]) =>
      states.some(({ labels, status }) => isOf(labels, SENTINEL.target) && status.inhibitedBy.length > 0);
    return complaints(await eventually(() => statesOf(server, trial), complete, DEADLINE_MS), story);
  } finally {
    const endsAt = new Date().toISOString();
    await server.post(alerts.map((alert) => ({ ...alert, endsAt })));
  }
}

/** Loads the inhibitions of a configuration and tries all cases, up to the first that is not as it must be. */
export async function tryInhibitions(server: TestAlertmanager, config: AlertmanagerConfig): Promise<string[]> {
  await server.load(trialConfig(config));
  for (const story of INHIBITION_CASES) {
    const wrong = await inhibitionComplaints(server, story);
    if (wrong.length > 0) return wrong;
  }
  return [];
}

/** Starts an Alertmanager with the inhibitions that ship, and without receivers that could be notified. */
export function startTrialServer(release: AlertmanagerRelease): Promise<TestAlertmanager> {
  const config = trialConfig(alertmanagerConfig(PRODUCTION, bundledEndpoints()));
  return startAlertmanager({ files: () => ({ [ALERTMANAGER_CONFIG]: config }) }, { command: alertmanager(release) });
}

function trialConfig({ inhibit_rules }: AlertmanagerConfig): string {
  return dump({
    route: { receiver: "none" },
    receivers: [{ name: "none" }],
    inhibit_rules: [...inhibit_rules, SENTINEL_RULE],
  });
}

async function statesOf(server: TestAlertmanager, trial: string): Promise<HeldAlert[]> {
  return (await server.alerts()).filter(({ labels }) => labels.case === trial);
}

function complaints(states: readonly HeldAlert[], story: InhibitionCase): string[] {
  const wrong = (alert: Labels, muted: boolean) => {
    const state = states.find(({ labels }) => isOf(labels, alert) && sameSize(labels, alert));
    return state === undefined || state.status.inhibitedBy.length > 0 !== muted
      ? [`${story.name}: ${JSON.stringify(alert)} is ${state === undefined ? "not there" : muted ? "heard" : "muted"}`]
      : [];
  };
  return [
    ...story.heard.flatMap((alert) => wrong(alert, false)),
    ...story.muted.flatMap((alert) => wrong(alert, true)),
  ];
}

function isOf(labels: Labels, alert: Labels): boolean {
  return Object.entries(alert).every(([name, value]) => labels[name] === value);
}

/** The posted labels are those of the case, `case`, `severity` and perhaps `service`. */
function sameSize(labels: Labels, alert: Labels): boolean {
  return Object.keys(labels).length === Object.keys({ service: "", ...alert }).length + 2;
}
