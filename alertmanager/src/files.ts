import { fileURLToPath } from "node:url";
import { BUNDLE, type GeneratedFiles, PRODUCTION } from "@mcp-orchestrator/alerts";
import { renderAlertmanager } from "./config.ts";
import { accountEndpoints, BUNDLED_INBOX, bundledEndpoints, SLACK_RECEIVERS } from "./endpoints.ts";

/** Folder of everything that is generated for Alertmanager. */
export const GENERATED_FOLDER = fileURLToPath(new URL("../generated", import.meta.url));

/** Every file that is generated for Alertmanager. */
export function generatedFiles(): GeneratedFiles {
  return new Map([
    ["alertmanager.yml", renderAlertmanager(PRODUCTION, bundledEndpoints(BUNDLE, "0.30"), BUNDLE, "0.30")],
    ["alertmanager.accounts.yml", renderAlertmanager(PRODUCTION, accountEndpoints(BUNDLE, "0.30"), BUNDLE, "0.30")],
    ["alertmanager.accounts-0.25.yml", renderAlertmanager(PRODUCTION, accountEndpoints())],
    ...bundledSecrets(),
  ]);
}

/** Secrets that lead to the bundled inbox. Real ones of the same name replace them. */
function bundledSecrets(): [string, string][] {
  const slack = SLACK_RECEIVERS.map((receiver): [string, string] => [
    `secrets/${receiver.startsWith("slack-") ? receiver : `slack-${receiver}`}-url`,
    `${BUNDLED_INBOX}/slack/${receiver}\n`,
  ]);
  return [
    ...slack,
    ["secrets/deadman-url", `${BUNDLED_INBOX}/deadman\n`],
    ["secrets/pagerduty-routing-key", "00000000000000000000000000000000\n"],
  ];
}
