export { DASHBOARDS, dashboardsFor } from "./dashboards/index.ts";
export { GENERATED_FOLDER, renderClassic } from "./files.ts";
export { type DashboardSpec, panelsOf } from "./model/dashboard.ts";
export { type PanelSpec, queriesOf } from "./model/panel.ts";
export { idOf } from "./model/panelIds.ts";
export { type Preview, type PreviewOptions, startPreview } from "./preview/server.ts";
export { DATA_SOURCE_UID, FOLDER } from "./render/provisioning.ts";
export {
  type Ask,
  askPrometheus,
  emptyPanels,
  type QueryResult,
  type ReportOptions,
  reportPanels,
} from "./report/panelReport.ts";
export { type Instant, readTiles, type Tile } from "./report/tileReport.ts";
