import type { Vector } from "../query/vector.ts";
import type { AlertName, ThresholdLine } from "./catalogue.ts";

/** Grafana unit ids that the panels use. */
export type Unit = "short" | "percentunit" | "s" | "bytes" | "ops" | "reqps" | "cps" | "bool_on_off";

/** Colour names that Grafana and the preview both know; they follow the theme. */
export type Color =
  | "green"
  | "yellow"
  | "orange"
  | "red"
  | "blue"
  | "purple"
  | "super-light-blue"
  | "text"
  | "semi-dark-red";

/** One query of a panel with the name of its series; `{{label}}` takes the value of a label. */
export type Series = { readonly query: Vector<string>; readonly legend: string };

type Common = {
  /** Names the panel in code, in links from alerts and in the v2 resource; never changes. */
  readonly key: string;
  readonly title: string;
  /** What it shows. */
  readonly meaning: string;
  /** What it looks like when all is well. */
  readonly good: string;
  /** The runbooks to open when it does not, the most likely first. */
  readonly runbooks: readonly [AlertName, ...AlertName[]];
  readonly unit: Unit;
  readonly min?: number;
  readonly max?: number;
  readonly decimals?: number;
};

/** Lines over time. */
export type TimeSeriesPanel = Common & {
  readonly kind: "timeseries";
  readonly series: readonly Series[];
  /** Thresholds of the catalogue to draw. */
  readonly thresholds?: readonly ThresholdLine[];
  /** Areas on top of each other: for parts of a whole. */
  readonly stacked?: boolean;
  /** Fixed colours by series name, where a colour means something. */
  readonly colors?: Readonly<Record<string, Color>>;
};

/** From which value on which colour. The first has no lower bound. */
export type Level = { readonly from: number | null; readonly color: Color };

/** One number now, with its recent course. */
export type StatPanel = Common & {
  readonly kind: "stat";
  readonly series: readonly Series[];
  readonly levels: readonly Level[];
  /** Words in place of values. */
  readonly states?: readonly State[];
};

/** A value that stands for a state; the index in the list is the value. */
export type State = { readonly text: string; readonly color: Color };

/** States over time, one row for each series. */
export type StateTimelinePanel = Common & {
  readonly kind: "state-timeline";
  readonly series: readonly Series[];
  readonly states: readonly State[];
};

/** A distribution over time. */
export type HeatmapPanel = Common & { readonly kind: "heatmap"; readonly buckets: Vector<"le"> };

/** One column of values; the rows are matched on the labels of the queries. */
export type Column = {
  readonly title: string;
  readonly query: Vector<string>;
  readonly unit: Unit;
  readonly levels?: readonly Level[];
};

/** Values now, one row for each set of labels. */
export type TablePanel = Common & {
  readonly kind: "table";
  /** Label columns in order, with their titles. */
  readonly rows: readonly { readonly label: string; readonly title: string }[];
  readonly columns: readonly Column[];
};

/** One panel, independent of the format that it is written in. */
export type PanelSpec = TimeSeriesPanel | StatPanel | StateTimelinePanel | HeatmapPanel | TablePanel;

/** The queries of a panel, in the order of their reference ids. */
export function queriesOf(panel: PanelSpec): readonly Vector<string>[] {
  switch (panel.kind) {
    case "heatmap":
      return [panel.buckets];
    case "table":
      return panel.columns.map((column) => column.query);
    default:
      return panel.series.map((series) => series.query);
  }
}
