import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PRODUCTION } from "@mcp-orchestrator/alerts";
import { dump } from "js-yaml";
import { BUNDLED_ENDPOINTS } from "../../endpoints.ts";
import { type AlertmanagerConfig, alertmanagerConfig } from "../config.ts";
import type { AlertmanagerProcess } from "./alertmanagerProcess.ts";
import { INHIBITION_CASES, type InhibitionCase, SEVERITY_OF } from "./inhibitionCases.ts";

/** A wrong picture that has not changed for so long is the answer. */
const SETTLE_MS = 400;
const POLL_MS = 25;

/**
 * Posts the alerts of a case and compares what is muted with what must be.
 *
 * @returns what is wrong; nothing when the picture is right
 */
export async function inhibitionComplaints(server: AlertmanagerProcess, story: InhibitionCase): Promise<string[]> {
  // A label of its own keeps the alerts of one case from muting those of another.
  const labelled = (alert: InhibitionCase["heard"][number]) => ({
    labels: { service: "mcp-orchestrator", severity: SEVERITY_OF[alert.alertname], ...alert, case: story.name },
  });
  const startsAt = new Date().toISOString();
  await server.post([...story.heard, ...story.muted].map((alert) => ({ ...labelled(alert), startsAt })));
  try {
    return await settledComplaints(server, story);
  } finally {
    const endsAt = new Date().toISOString();
    await server.post([...story.heard, ...story.muted].map((alert) => ({ ...labelled(alert), startsAt, endsAt })));
  }
}

/** Loads the configuration and tries all cases. */
export async function tryInhibitions(server: AlertmanagerProcess, config: AlertmanagerConfig): Promise<string[]> {
  await server.reload(
    dump({ route: { receiver: "nobody" }, receivers: [{ name: "nobody" }], inhibit_rules: config.inhibit_rules }),
  );
  for (const story of INHIBITION_CASES) {
    const complaints = await inhibitionComplaints(server, story);
    if (complaints.length > 0) return complaints;
  }
  return [];
}

/** A configuration with the real inhibitions, and no receivers that could be told. */
export async function inhibitionConfig(folder: string): Promise<string> {
  const { inhibit_rules } = alertmanagerConfig(PRODUCTION, BUNDLED_ENDPOINTS);
  await writeFile(join(folder, "unused"), "");
  return dump({ route: { receiver: "nobody" }, receivers: [{ name: "nobody" }], inhibit_rules });
}

async function settledComplaints(server: AlertmanagerProcess, story: InhibitionCase): Promise<string[]> {
  const endMs = performance.now() + SETTLE_MS;
  for (;;) {
    const complaints = await complaintsNow(server, story);
    if (complaints.length === 0 || performance.now() > endMs) return complaints;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function complaintsNow(server: AlertmanagerProcess, story: InhibitionCase): Promise<string[]> {
  const states = (await server.alerts()).filter(({ labels }) => labels.case === story.name);
  const mutedOf = (alert: Readonly<Record<string, string>>) =>
    states.find(
      ({ labels }) => Object.entries(alert).every(([name, value]) => labels[name] === value) && sameSize(labels, alert),
    );
  const wrong = (alert: Readonly<Record<string, string>>, muted: boolean) => {
    const state = mutedOf(alert);
    return state === undefined || state.status.inhibitedBy.length > 0 !== muted
      ? [`${story.name}: ${JSON.stringify(alert)} is ${state === undefined ? "not there" : muted ? "heard" : "muted"}`]
      : [];
  };
  return [
    ...story.heard.flatMap((alert) => wrong(alert, false)),
    ...story.muted.flatMap((alert) => wrong(alert, true)),
  ];
}

/** The posted labels are those of the case, `case`, `severity` and perhaps `service`. */
function sameSize(labels: object, alert: object): boolean {
  return Object.keys(labels).length === Object.keys({ service: "", ...alert }).length + 2;
}
