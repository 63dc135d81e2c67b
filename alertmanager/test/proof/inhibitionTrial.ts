import { PRODUCTION } from "@mcp-orchestrator/alerts";
import { type AlertmanagerRelease, alertmanager } from "@mcp-orchestrator/alerts/tools";
import {
  ALERTMANAGER_CONFIG,
  startAlertmanager,
  type TestAlertmanager,
} from "@mcp-orchestrator/e2e/testkit/servers/alertmanager";
import type { AlertmanagerClient, HeldAlert } from "@mcp-orchestrator/e2e/testkit/servers/alertmanagerClient";
import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { dump } from "js-yaml";
import { type AlertmanagerConfig, alertmanagerConfig } from "../../src/config.ts";
import { bundledEndpoints } from "../../src/endpoints.ts";
import { INHIBITION_CASES, type InhibitionCase, SEVERITY_OF } from "./inhibitionCases.ts";

type Labels = Readonly<Record<string, string>>;

const DEADLINE_MS = 30_000;

/**
 * A pair of alerts with an inhibition, posted after the others. Alertmanager processes alerts in order: once this target
 * is muted, it has processed all alerts before it.
 */
const SENTINEL = { source: { alertname: "SentinelSource" }, target: { alertname: "SentinelTarget" } };
const SENTINEL_RULE = {
  source_matchers: [`alertname="${SENTINEL.source.alertname}"`],
  target_matchers: [`alertname="${SENTINEL.target.alertname}"`],
  equal: ["case"],
};

let trials = 0;

/**
 * Posts the alerts of a case and compares which are muted with which must be.
 *
 * @returns what is wrong; empty if nothing is
 */
export async function inhibitionProblems(
  server: Pick<AlertmanagerClient, "post" | "alerts">,
  trialCase: InhibitionCase,
): Promise<string[]> {
  trials += 1;
  // A label distinguishes the alerts of one trial from those of another.
  const trial = `${trialCase.name} (${trials})`;
  const startsAt = new Date().toISOString();
  const alerts = [
    ...[...trialCase.notified, ...trialCase.muted].map((alert) => ({
      service: "mcp-orchestrator",
      severity: SEVERITY_OF[alert.alertname],
      ...alert,
    })),
    SENTINEL.source,
    SENTINEL.target,
  ].map((labels) => ({ labels: { ...labels, case: trial }, startsAt }));
  await server.post(alerts);
  try {
    const processed = (states: readonly HeldAlert[]) =>
      states.some(({ labels, status }) => isOf(labels, SENTINEL.target) && status.inhibitedBy.length > 0);
    await eventually(() => statesOf(server, trial), processed, DEADLINE_MS);
    // An answer is not a snapshot: Alertmanager decides about each alert as it writes it, while it still processes
    // others. Only a later answer has the final state of all.
    return problems(await statesOf(server, trial), trialCase);
  } finally {
    const endsAt = new Date().toISOString();
    await server.post(alerts.map((alert) => ({ ...alert, endsAt })));
  }
}

/** Loads the inhibitions of a configuration and tries all cases, up to the first failure. */
export async function tryInhibitions(server: TestAlertmanager, config: AlertmanagerConfig): Promise<string[]> {
  await server.load(trialConfig(config));
  for (const trialCase of INHIBITION_CASES) {
    const wrong = await inhibitionProblems(server, trialCase);
    if (wrong.length > 0) return wrong;
  }
  return [];
}

/** Starts an Alertmanager with the inhibitions that ship, and without real receivers. */
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

async function statesOf(server: Pick<AlertmanagerClient, "alerts">, trial: string): Promise<HeldAlert[]> {
  return (await server.alerts()).filter(({ labels }) => labels.case === trial);
}

function problems(states: readonly HeldAlert[], trialCase: InhibitionCase): string[] {
  const wrong = (alert: Labels, muted: boolean) => {
    const state = states.find(({ labels }) => isOf(labels, alert) && sameSize(labels, alert));
    return state === undefined || state.status.inhibitedBy.length > 0 !== muted
      ? [
          `${trialCase.name}: ${JSON.stringify(alert)} is ${state === undefined ? "not there" : muted ? "notified" : "muted"}`,
        ]
      : [];
  };
  return [
    ...trialCase.notified.flatMap((alert) => wrong(alert, false)),
    ...trialCase.muted.flatMap((alert) => wrong(alert, true)),
  ];
}

function isOf(labels: Labels, alert: Labels): boolean {
  return Object.entries(alert).every(([name, value]) => labels[name] === value);
}

/** The posted labels are those of the case, `case`, `severity` and sometimes `service`. */
function sameSize(labels: Labels, alert: Labels): boolean {
  return Object.keys(labels).length === Object.keys({ service: "", ...alert }).length + 2;
}
