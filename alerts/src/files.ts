import { fileURLToPath } from "node:url";
import type { GeneratedFiles } from "./generated.ts";
import { renderPrometheusConfig } from "./render/prometheusConfig.ts";
import { renderPromtoolTests } from "./render/promtoolTests.ts";
import { renderRules } from "./render/rules.ts";
import { renderRunbooks } from "./render/runbooks.ts";
import { PRODUCTION } from "./timing.ts";

/** Folder of everything that is generated from the catalogue. */
export const GENERATED_FOLDER = fileURLToPath(new URL("../generated", import.meta.url));

const RULE_FILE = "mcp-orchestrator.rules.yml";

/** The page that collects what was corrected; it stands among the other documents. */
export const CORRECTIONS_FILE = fileURLToPath(new URL("../../docs/runbook-corrections.md", import.meta.url));

/** The page that describes the settings of the bundle. */
export const BUNDLE_PAGE = fileURLToPath(new URL("../../docs/bundle.md", import.meta.url));

/** Every file that is generated from the catalogue. */
export function generatedFiles(): GeneratedFiles {
  const runbooks = [...renderRunbooks()].map(([name, text]): [string, string] => [`runbooks/${name}`, text]);
  return new Map([
    ...runbooks,
    [RULE_FILE, renderRules(PRODUCTION)],
    ["mcp-orchestrator.test.yml", renderPromtoolTests(RULE_FILE)],
    [
      "prometheus.yml",
      renderPrometheusConfig(PRODUCTION, {
        orchestrator: { dnsName: "orchestrator", port: 8000 },
        alertmanager: "alertmanager:9093",
        ruleFile: RULE_FILE,
      }),
    ],
  ]);
}
