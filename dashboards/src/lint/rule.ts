import type { Dashboard, Panel, RowPanel } from "@grafana/grafana-foundation-sdk/dashboard";
import type { Dataquery } from "@grafana/grafana-foundation-sdk/prometheus";

/** One rule for generated dashboards, named as in Grafana's dashboard-linter if it exists there. */
export type Rule = {
  readonly name: string;
  /** One sentence for each violation. */
  check(dashboard: Dashboard): string[];
};

/** The panels of a dashboard without the headings. */
export function panels(dashboard: Dashboard): Panel[] {
  return (dashboard.panels ?? []).filter((panel): panel is Panel => !isHeading(panel));
}

/** True of the heading of a section. */
export function isHeading(panel: Panel | RowPanel): panel is RowPanel {
  return panel.type === "row";
}

/** The Prometheus queries of a panel. */
export function targets(panel: Panel): Dataquery[] {
  return (panel.targets ?? []) as Dataquery[];
}

/** Applies a check to each panel and prefixes the findings with the panel's title. */
export function eachPanel(dashboard: Dashboard, check: (panel: Panel) => string[]): string[] {
  return panels(dashboard).flatMap((panel) => check(panel).map((problem) => `${panel.title}: ${problem}`));
}

/** Applies a check to each query of each panel. */
export function eachQuery(dashboard: Dashboard, check: (query: string, panel: Panel) => string[]): string[] {
  return eachPanel(dashboard, (panel) => targets(panel).flatMap((target) => check(target.expr, panel)));
}
