import { dashboardsFor, FOLDER, renderClassic } from "@mcp-orchestrator/dashboards";
import { ConfigMap } from "kubernetes-models/v1";
import { CLUSTER_BUNDLE } from "./bundle.ts";
import { LABELS } from "./names.ts";

/** A ConfigMap for each dashboard, found by the sidecar of Grafana's Helm chart through its label. */
export function dashboardConfigMaps(): ConfigMap[] {
  return dashboardsFor(CLUSTER_BUNDLE).map(
    (spec) =>
      new ConfigMap({
        metadata: {
          name: `dashboard-${spec.uid}`,
          labels: { ...LABELS, grafana_dashboard: "1" },
          annotations: { grafana_folder: FOLDER },
        },
        // On one line: `kubectl apply` keeps it in an annotation too, whose size is limited.
        data: { [`${spec.uid}.json`]: JSON.stringify(JSON.parse(renderClassic(spec))) },
      }),
  );
}
