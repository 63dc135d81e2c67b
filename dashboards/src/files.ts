import { fileURLToPath } from "node:url";
import { type GeneratedFiles, generatedYaml } from "@mcp-orchestrator/alerts";
import { DASHBOARDS } from "./dashboards/index.ts";
import { linterExclusions } from "./lint/exclusions.ts";
import type { Dashboard } from "./model/installation.ts";
import { classicDashboard } from "./render/classic.ts";
import { provisioningFiles } from "./render/provisioning.ts";
import { dashboardResource, folderResource } from "./render/resource.ts";

/** Folder of everything that is generated for Grafana. */
export const GENERATED_FOLDER = fileURLToPath(new URL("../generated", import.meta.url));

/** Every file that is generated for Grafana. */
export function generatedFiles(): GeneratedFiles {
  return new Map([
    ...DASHBOARDS.map((spec): [string, string] => [`${spec.uid}.json`, renderClassic(spec)]),
    // YAML, because Grafana's file provider loads every JSON file below its folder as a dashboard.
    ...DASHBOARDS.map((spec): [string, string] => [
      `v2/${spec.uid}.yaml`,
      generatedYaml(plain(dashboardResource(spec))),
    ]),
    ["v2/folder.yaml", generatedYaml(plain(folderResource()))],
    [".lint", generatedYaml(linterExclusions(DASHBOARDS))],
    ...provisioningFiles(),
  ]);
}

/** The value as JSON: without the SDK's functions and absent fields. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** A dashboard as the JSON file that Grafana imports. */
export function renderClassic(spec: Dashboard): string {
  return `${JSON.stringify(classicDashboard(spec), null, 2)}
`;
}
