import { formatDuration, PRODUCTION } from "@mcp-orchestrator/alerts";
import type { PanelSpec } from "./panel.ts";

/** Default time range of a dashboard. */
export const DEFAULT_RANGE = { from: "now-15m", to: "now" };
/** Refresh interval of an open dashboard. */
export const REFRESH = "15s";
/** Other refresh intervals to choose from. */
export const REFRESH_INTERVALS = ["5s", "15s", "30s", "1m", "5m"] as const;
const { scrapeIntervalMs } = PRODUCTION.prometheus;
/** Scrapes in a step that needs several: of counts, and of what is scraped at a quarter of the rate. */
const SEVERAL = 4;

/** Scrapes of the service in the smallest step of a panel. */
export function scrapesPerStep(panel: PanelSpec): number {
  return panel.kind === "timeseries" && (panel.bars || panel.seldomScraped) ? SEVERAL : 1;
}

/** The smallest step of a panel, whatever the data source says. */
export function minIntervalOf(panel: PanelSpec): string {
  return formatDuration(scrapesPerStep(panel) * scrapeIntervalMs);
}
