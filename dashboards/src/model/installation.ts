import type { Bundle } from "@mcp-orchestrator/alerts";
import { type Expression, followingScopeVariables } from "@mcp-orchestrator/alerts/promql";
import type { Vector } from "../query/vector.ts";
import { ANNOTATIONS, type Annotation } from "./annotations.ts";
import { type Cell, type DashboardSpec, panelOf } from "./dashboard.ts";
import type { PanelSpec, TablePanel } from "./panel.ts";
import { type QueryVariable, VARIABLES, variablesFor } from "./variables.ts";

/** A dashboard as an installation needs it: with its scope labels as variables, and its links. */
export type Dashboard = DashboardSpec & {
  readonly variables: readonly QueryVariable[];
  readonly annotations: readonly Annotation[];
  readonly links: Bundle["links"];
};

/** Dashboards for an installation: every query follows a variable for each scope label. */
export function forInstallation(
  specs: readonly DashboardSpec[],
  { scope, links }: Pick<Bundle, "scope" | "links">,
): Dashboard[] {
  const { labels } = scope;
  // A panel that several dashboards show stays one panel.
  const scopedPanels = new Map<PanelSpec, PanelSpec>();
  const panelFor = (panel: PanelSpec) => {
    const known = scopedPanels.get(panel) ?? scopedPanel(panel, labels);
    scopedPanels.set(panel, known);
    return known;
  };
  const cellFor = (cell: Cell): Cell =>
    "panel" in cell ? { ...cell, panel: panelFor(cell.panel) } : panelFor(panelOf(cell));
  return specs.map((spec) => ({
    ...spec,
    links,
    variables: [...variablesFor(labels), ...VARIABLES],
    annotations: ANNOTATIONS.map(({ vector, ...annotation }) => ({
      ...annotation,
      vector: scopedVector(vector, labels),
    })),
    sections: spec.sections.map(({ title, rows }) => ({
      title,
      rows: rows.map(([first, ...others]) => [cellFor(first), ...others.map(cellFor)] as const),
    })),
  }));
}

function scopedPanel(panel: PanelSpec, labels: readonly string[]): PanelSpec {
  switch (panel.kind) {
    case "heatmap":
      return { ...panel, buckets: scopedVector(panel.buckets, labels) };
    case "table":
      return scopedTable(panel, labels);
    default:
      return {
        ...panel,
        series: panel.series.map((series) => ({ ...series, query: scopedVector(series.query, labels) })),
      };
  }
}

/** Alerts say of which installation they are; what is summed up over installations does not. */
function scopedTable(panel: TablePanel, labels: readonly string[]): TablePanel {
  const ofAlerts = panel.rows.some(({ label }) => label === "alertname");
  const named = (expr: Expression): Expression =>
    ofAlerts && expr.kind === "aggregation" && "by" in expr ? { ...expr, by: [...labels, ...expr.by] } : expr;
  return {
    ...panel,
    rows: [...(ofAlerts ? labels.map((label) => ({ label, title: titleOf(label) })) : []), ...panel.rows],
    columns: panel.columns.map((column) => {
      const { expr, labels: own } = scopedVector(column.query, labels);
      return { ...column, query: { expr: named(expr), labels: ofAlerts ? [...labels, ...own] : own } };
    }),
  };
}

function scopedVector<L extends string>({ expr, labels }: Vector<L>, scopeLabels: readonly string[]): Vector<L> {
  return { expr: followingScopeVariables(expr, scopeLabels), labels };
}

function titleOf(label: string): string {
  return `${label.charAt(0).toUpperCase()}${label.slice(1)}`.replaceAll("_", " ");
}
