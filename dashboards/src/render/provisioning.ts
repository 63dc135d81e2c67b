import { formatDuration, generatedYaml, PRODUCTION } from "@mcp-orchestrator/alerts";

/** Grafana's folder of the dashboards. */
export const FOLDER = "MCP orchestrator";
/** Its uid, for resources. */
export const FOLDER_UID = "mcp-orchestrator";
/** Path in the container: mount `dashboards/generated` there. */
export const DASHBOARDS_PATH = "/etc/grafana/dashboards";
/** The provisioned data source. */
export const DATA_SOURCE_UID = "prometheus";
/** Prometheus' address in the Grafana container, unless the environment sets one. */
const PROMETHEUS_URL = "$PROMETHEUS_URL";

/** Files for Grafana's `provisioning` directory, with their paths. */
export function provisioningFiles(): [string, string][] {
  return [
    ["provisioning/dashboards/mcp-orchestrator.yml", generatedYaml(dashboardProvider())],
    ["provisioning/datasources/prometheus.yml", generatedYaml(datasource())],
  ];
}

function dashboardProvider() {
  return {
    apiVersion: 1,
    providers: [
      {
        name: "mcp-orchestrator",
        folder: FOLDER,
        type: "file",
        disableDeletion: true,
        allowUiUpdates: false,
        options: { path: DASHBOARDS_PATH },
      },
    ],
  };
}

function datasource() {
  return {
    apiVersion: 1,
    datasources: [
      {
        name: "Prometheus",
        uid: DATA_SOURCE_UID,
        type: "prometheus",
        access: "proxy",
        url: PROMETHEUS_URL,
        isDefault: true,
        editable: false,
        // Grafana derives $__rate_interval from it.
        jsonData: { httpMethod: "POST", timeInterval: formatDuration(PRODUCTION.prometheus.scrapeIntervalMs) },
      },
    ],
  };
}
