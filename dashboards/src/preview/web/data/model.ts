import type { Dashboard, Panel, RowPanel, VariableModel } from "@grafana/grafana-foundation-sdk/dashboard";
import type { Dataquery } from "@grafana/grafana-foundation-sdk/prometheus";
import { durationMs } from "./timeRange.ts";

export type { Dashboard, Panel, VariableModel };

/** A heading with the panels under it. */
export type Section = { readonly title: string; readonly top: number; readonly panels: readonly Panel[] };

/** The dashboard as sections. */
export function sectionsOf(dashboard: Dashboard): Section[] {
  const sections: { title: string; top: number; panels: Panel[] }[] = [];
  for (const panel of dashboard.panels ?? []) {
    if (isHeading(panel)) sections.push({ title: panel.title ?? "", top: (panel.gridPos?.y ?? 0) + 1, panels: [] });
    else sections.at(-1)?.panels.push(panel);
  }
  return sections;
}

/** The panel with an id. */
export function panelById(dashboard: Dashboard, id: number): Panel | undefined {
  return sectionsOf(dashboard)
    .flatMap((section) => section.panels)
    .find((panel) => panel.id === id);
}

/** The queries of a panel. */
export function queriesOf(panel: Panel): Dataquery[] {
  return (panel.targets ?? []) as Dataquery[];
}

/** Scrapes of the service in the smallest step of a panel. The generated panels assume one every 15 s. */
export const scrapesPerStep = ({ interval = "" }: Panel): number => (durationMs(interval) ?? 15_000) / 15_000;

function isHeading(panel: Panel | RowPanel): panel is RowPanel {
  return panel.type === "row";
}
