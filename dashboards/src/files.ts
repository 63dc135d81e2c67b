import { fileURLToPath } from "node:url";
import { type GeneratedFiles, generatedYaml } from "@mcp-orchestrator/alerts";
import { DASHBOARDS } from "./dashboards/index.ts";
import type { Dashboard } from "./model/installation.ts";
import { classicDashboard } from "./render/classic.ts";
import { provisioningFiles } from "./render/provisioning.ts";
import { dashboardResource } from "./render/resource.ts";

/** Folder of everything that is generated for Grafana. */
export const GENERATED_FOLDER = fileURLToPath(new URL("../generated", import.meta.url));

/** Every file that is generated for Grafana. */
export function generatedFiles(): GeneratedFiles {
  return new Map([
    ...DASHBOARDS.map((spec): [string, string] => [`${spec.uid}.json`, renderClassic(spec)]),
    // YAML, as resources are written, and also because Grafana's file provider takes every JSON below its folder.
    ...DASHBOARDS.map((spec): [string, string] => [
      `v2/${spec.uid}.yaml`,
      generatedYaml(plain(dashboardResource(spec))),
    ]),
    ...provisioningFiles(),
  ]);
}

/** The value as JSON has it: without the SDK's functions and absent fields. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** A dashboard as the JSON file that Grafana imports. */
export function renderClassic(spec: Dashboard): string {
  return `${JSON.stringify(classicDashboard(spec), null, 2)}
`;
}
