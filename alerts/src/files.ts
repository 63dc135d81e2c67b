import { fileURLToPath } from "node:url";
import { BUNDLE } from "./bundle/index.ts";
import { ALERTS, GROUPS } from "./catalogue/index.ts";
import type { GeneratedFiles } from "./generated.ts";
import { renderOpenSlo } from "./render/openSlo.ts";
import { renderPrometheusConfig, renderScrapeJob } from "./render/prometheusConfig.ts";
import { renderPromtoolTests } from "./render/promtoolTests.ts";
import { renderRules } from "./render/ruleFile.ts";
import { renderRunbooks } from "./render/runbooks.ts";
import { PRODUCTION } from "./timing.ts";

/** Folder of everything that is generated from the catalogue. */
export const GENERATED_FOLDER = fileURLToPath(new URL("../generated", import.meta.url));

const RULE_FILE = "mcp-orchestrator.rules.yml";

/** The page of all corrections of the original runbook. */
export const CORRECTIONS_FILE = fileURLToPath(new URL("../../docs/reference/runbook-corrections.md", import.meta.url));

/** The page that has each item of the original runbook. */
export const ITEMS_PAGE = fileURLToPath(new URL("../../docs/reference/runbook-items.md", import.meta.url));

/** The page that describes the settings of the bundle. */
export const BUNDLE_PAGE = fileURLToPath(new URL("../../docs/reference/bundle.md", import.meta.url));

/** Every file that is generated from the catalogue. */
export function generatedFiles(): GeneratedFiles {
  const runbooks = [...renderRunbooks()].map(([name, text]): [string, string] => [`runbooks/${name}`, text]);
  return new Map([
    ...runbooks,
    [RULE_FILE, renderRules(PRODUCTION)],
    ["openslo.yaml", renderOpenSlo(BUNDLE)],
    ["mcp-orchestrator.test.yml", testFile()],
    ["scrape.yml", renderScrapeJob(PRODUCTION, ["orchestrator:8000"])],
    [
      "prometheus.yml",
      renderPrometheusConfig(PRODUCTION, {
        orchestrator: { dnsName: "orchestrator", port: 8000 },
        alertmanager: "alertmanager:9093",
        ruleFile: RULE_FILE,
        itself: "localhost:9090",
      }),
    ],
  ]);
}

/**
 * The promtool tests of the alerts that are evaluated at each scrape. Samples of the objectives span days; with all
 * rules loaded, other alerts would fire and suppress them.
 */
function testFile(): string {
  const order = GROUPS.map(({ name }) => name);
  return renderPromtoolTests(
    RULE_FILE,
    ALERTS.filter(({ evaluatedEveryMs }) => evaluatedEveryMs === undefined),
    order,
  );
}
