import { fileURLToPath } from "node:url";
import { type GeneratedFiles, PRODUCTION } from "@mcp-orchestrator/alerts";
import { ACCOUNT_ENDPOINTS, BUNDLED_ENDPOINTS } from "../endpoints.ts";
import { renderAlertmanager } from "./config.ts";
import { SLACK_CHANNELS } from "./endpoints.ts";

/** Folder of everything that is generated for Alertmanager. */
export const GENERATED_FOLDER = fileURLToPath(new URL("../generated", import.meta.url));

/** Every file that is generated for Alertmanager. */
export function generatedFiles(): GeneratedFiles {
  return new Map([
    ["alertmanager.yml", renderAlertmanager(PRODUCTION, BUNDLED_ENDPOINTS)],
    ["alertmanager.accounts.yml", renderAlertmanager(PRODUCTION, ACCOUNT_ENDPOINTS)],
    ...bundledSecrets(),
  ]);
}

/** Stand-ins for the secrets that lead to the bundled inbox; a real one of the same name takes their place. */
function bundledSecrets(): [string, string][] {
  const slack = Object.keys(SLACK_CHANNELS).map((receiver): [string, string] => [
    `secrets/${receiver.startsWith("slack-") ? receiver : `slack-${receiver}`}-url`,
    `http://inbox:8090/slack/${receiver}\n`,
  ]);
  return [...slack, ["secrets/pagerduty-routing-key", "00000000000000000000000000000000\n"]];
}
