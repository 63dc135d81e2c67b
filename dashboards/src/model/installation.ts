import type { Bundle } from "@mcp-orchestrator/alerts";
import { type Expression, forDashboards } from "@mcp-orchestrator/alerts/promql";
import type { Vector } from "../query/vector.ts";
import { ANNOTATIONS, type Annotation } from "./annotations.ts";
import { type Cell, type DashboardSpec, panelOf } from "./dashboard.ts";
import type { PanelSpec, TablePanel } from "./panel.ts";
import { type QueryVariable, variablesFor } from "./variables.ts";

/** A dashboard for an installation: with its scope labels as variables, and its links. */
export type Dashboard = DashboardSpec & {
  readonly variables: readonly QueryVariable[];
  readonly annotations: readonly Annotation[];
  readonly links: Bundle["links"];
};

/** The parts of an installation that dashboards depend on. */
export type Installation = Pick<Bundle, "job" | "selector" | "scope" | "links">;

/** Dashboards for an installation: every query follows a variable for each scope label. */
export function forInstallation(specs: readonly DashboardSpec[], installation: Installation): Dashboard[] {
  const { scope, links } = installation;
  // A panel of several dashboards remains one panel.
  const scopedPanels = new Map<PanelSpec, PanelSpec>();
  const panelFor = (panel: PanelSpec) => {
    const known = scopedPanels.get(panel) ?? scopedPanel(panel, installation);
    scopedPanels.set(panel, known);
    return known;
  };
  const cellFor = (cell: Cell): Cell =>
    "panel" in cell ? { ...cell, panel: panelFor(cell.panel) } : panelFor(panelOf(cell));
  return specs.map((spec) => ({
    ...spec,
    links,
    variables: variablesFor(scope.labels),
    annotations: ANNOTATIONS.map(({ vector, ...annotation }) => ({
      ...annotation,
      vector: scopedVector(vector, installation),
    })),
    sections: spec.sections.map(({ title, rows }) => ({
      title,
      rows: rows.map(([first, ...others]) => [cellFor(first), ...others.map(cellFor)] as const),
    })),
  }));
}

function scopedPanel(panel: PanelSpec, installation: Installation): PanelSpec {
  const scoped = <L extends string>(vector: Vector<L>) => scopedVector(vector, installation);
  switch (panel.kind) {
    case "heatmap":
      return { ...panel, buckets: scoped(panel.buckets) };
    case "table":
      return scopedTable(panel, installation);
    case "stat":
      return {
        ...panel,
        now: scoped(panel.now),
        ...(panel.course === undefined ? {} : { course: scoped(panel.course) }),
      };
    default:
      return { ...panel, series: panel.series.map((series) => ({ ...series, query: scoped(series.query) })) };
  }
}

/** Tables of alerts name the installation; sums over installations do not. */
function scopedTable(panel: TablePanel, installation: Installation): TablePanel {
  const { labels } = installation.scope;
  const ofAlerts = panel.rows.some(({ label }) => label === "alertname");
  const named = (expr: Expression): Expression =>
    ofAlerts && expr.kind === "aggregation" && "by" in expr ? { ...expr, by: [...labels, ...expr.by] } : expr;
  return {
    ...panel,
    rows: [...(ofAlerts ? labels.map((label) => ({ label, title: titleOf(label) })) : []), ...panel.rows],
    columns: panel.columns.map((column) => {
      const { expr, labels: own } = scopedVector(column.query, installation);
      return { ...column, query: { expr: named(expr), labels: ofAlerts ? [...labels, ...own] : own } };
    }),
  };
}

function scopedVector<L extends string>({ expr, labels }: Vector<L>, installation: Installation): Vector<L> {
  return { expr: forDashboards(expr, installation), labels };
}

function titleOf(label: string): string {
  return `${label.charAt(0).toUpperCase()}${label.slice(1)}`.replaceAll("_", " ");
}
