import type { Vector } from "../query/vector.ts";
import type { AlertName, ThresholdLine } from "./catalogue.ts";

/** Grafana unit ids that the panels use. */
export type Unit = "short" | "percentunit" | "s" | "bytes" | "ops" | "reqps" | "cps" | "bool_on_off";

/** Colour names of Grafana and the preview; they follow the theme. */
export type Color = "green" | "yellow" | "orange" | "red" | "blue" | "purple" | "text" | "semi-dark-red";

/** One query of a panel with the name of its series; `{{label}}` takes the value of a label. */
export type Series = {
  readonly query: Vector<string>;
  readonly legend: string;
  /** A thin line without a legend entry: the same over a shorter window than the alert's. */
  readonly thin?: true;
};

type Common = {
  /** Names the panel in code, in links from alerts and in the v2 resource. It never changes. */
  readonly key: string;
  readonly title: string;
  /** What it shows. */
  readonly meaning: string;
  /** What it looks like while nothing is wrong. */
  readonly good: string;
  /** The runbooks to open otherwise, the most likely first. */
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
  /** Thresholds of the catalogue. */
  readonly thresholds?: readonly ThresholdLine[];
  /** 0 is good, and both signs are bad: thresholds are drawn for both. */
  readonly symmetric?: true;
  /** Stacked areas: for parts of a whole. */
  readonly stacked?: boolean;
  /** One bar per step: for counts per step. */
  readonly bars?: true;
  /** About Prometheus and Alertmanager, which are scraped at a quarter of the rate. */
  readonly seldomScraped?: true;
  /** Colours by series name, if a colour has a meaning. */
  readonly colors?: Readonly<Record<string, Color>>;
};

/** The colour from each value on. The first has no lower bound. */
export type Level = { readonly from: number | null; readonly color: Color };

/** The value now, over its recent course. */
export type StatPanel = Common & {
  readonly kind: "stat";
  /** One series without labels. With a course it has a sample at any time: {@link NOTHING} if it is unknown. */
  readonly now: Vector;
  readonly course?: Vector;
  readonly levels: readonly Level[];
  /** Words in place of some values. */
  readonly words?: Words;
};

/** A text in place of a value, and its colour. */
export type Words = Readonly<Record<string, State>>;

/** The values of states; in a list, the index is the value. */
export type State = { readonly text: string; readonly color: Color };

/** States over time, one row for each series. */
export type StateTimelinePanel = Common & {
  readonly kind: "state-timeline";
  readonly series: readonly Series[];
  readonly states: readonly State[];
  /** Series of all queries, if they are more than one of each. */
  readonly rows?: number;
  /** The rows are named after alerts. */
  readonly linksTo?: "alert";
};

/** A distribution over time. */
export type HeatmapPanel = Common & { readonly kind: "heatmap"; readonly buckets: Vector<"le"> };

/** One column of values; rows are matched by the labels of the queries. */
export type Column = {
  readonly title: string;
  readonly query: Vector<string>;
  readonly unit: Unit;
  readonly levels?: readonly Level[];
  /** A table needs a value for its rows. */
  readonly hidden?: true;
};

/** A column of labels. */
export type LabelColumn = {
  readonly label: string;
  readonly title: string;
  /** Colours of some values. */
  readonly words?: Words;
  /** The column names alerts, with links to their runbooks and panels. */
  readonly linksTo?: "alert";
  /** Used only in a link. */
  readonly hidden?: true;
};

/** Current values, one row for each set of labels. */
export type TablePanel = Common & {
  readonly kind: "table";
  readonly rows: readonly LabelColumn[];
  readonly columns: readonly Column[];
};

/** One panel, independent of its format. */
export type PanelSpec = TimeSeriesPanel | StatPanel | StateTimelinePanel | HeatmapPanel | TablePanel;

/** The queries of a panel, in the order of their reference ids. */
export function queriesOf(panel: PanelSpec): readonly Vector<string>[] {
  switch (panel.kind) {
    case "heatmap":
      return [panel.buckets];
    case "table":
      return panel.columns.map((column) => column.query);
    case "stat":
      return panel.course === undefined ? [panel.now] : [panel.course, panel.now];
    default:
      return panel.series.map((series) => series.query);
  }
}
