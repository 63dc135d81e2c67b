import { fileURLToPath } from "node:url";
import { type GeneratedFiles, PRODUCTION } from "@mcp-orchestrator/alerts";
import { renderAlertmanager } from "./config.ts";
import { accountEndpoints, BUNDLED_INBOX, bundledEndpoints, SLACK_RECEIVERS } from "./endpoints.ts";

/** Folder of everything that is generated for Alertmanager. */
export const GENERATED_FOLDER = fileURLToPath(new URL("../generated", import.meta.url));

/** Every file that is generated for Alertmanager. */
export function generatedFiles(): GeneratedFiles {
  return new Map([
    ["alertmanager.yml", renderAlertmanager(PRODUCTION, bundledEndpoints())],
    ["alertmanager.accounts.yml", renderAlertmanager(PRODUCTION, accountEndpoints())],
    ...bundledSecrets(),
  ]);
}

/** Stand-ins for the secrets that lead to the bundled inbox; a real one of the same name takes their place. */
function bundledSecrets(): [string, string][] {
  const slack = SLACK_RECEIVERS.map((receiver): [string, string] => [
    `secrets/${receiver.startsWith("slack-") ? receiver : `slack-${receiver}`}-url`,
    `${BUNDLED_INBOX}/slack/${receiver}\n`,
  ]);
  return [...slack, ["secrets/pagerduty-routing-key", "00000000000000000000000000000000\n"]];
}
