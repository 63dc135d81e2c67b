import type {
  AnnotationQuery,
  Dashboard,
  DataQuery,
  FieldConfig,
  Panel,
  RowPanel,
  TableFieldOptions,
  TableOptions,
} from "@grafana/schema";
import type * as v2 from "@grafana/schema/apis/dashboard.grafana.app/v2";
import type * as heatmap from "@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen";
import type * as stat from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen";
import type * as stateTimeline from "@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen";
import type * as timeSeries from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";

/** Grafana's types of a dashboard in both models, with the options of every kind of panel that the dashboards have. */

/** The JSON of a type: its enums are texts. */
type Json<T> = 0 extends 1 & T ? T : T extends string ? `${T}` : T extends object ? { [K in keyof T]: Json<T[K]> } : T;

/** Options, and settings of the fields, by kind of panel. */
type Kinds = {
  timeseries: { options: timeSeries.Options; custom: timeSeries.FieldConfig };
  stat: { options: stat.Options; custom: Record<never, never> };
  "state-timeline": { options: stateTimeline.Options; custom: stateTimeline.FieldConfig };
  heatmap: { options: heatmap.Options; custom: heatmap.FieldConfig };
  table: { options: TableOptions; custom: TableFieldOptions };
};

type Setting<Id extends string, Value> = { id: Id; value: Value };
/** A setting of one field. `custom.hidden` is `custom.hideFrom.viz` before Grafana 12.2. */
type Property<Custom> =
  | { [K in keyof FieldConfig & string]-?: Setting<K, NonNullable<FieldConfig[K]>> }[keyof FieldConfig & string]
  | { [K in keyof Custom & string]-?: Setting<`custom.${K}`, NonNullable<Custom[K]>> }[keyof Custom & string]
  | Setting<"custom.hidden" | "custom.hideFrom.viz", boolean>;

type FieldConfigSource<Custom> = {
  defaults: Omit<FieldConfig, "custom"> & { custom?: Partial<Custom> };
  overrides: { matcher: { id: "byName" | "byFrameRefID"; options: string }; properties: Property<Custom>[] }[];
};

type ClassicPanel = {
  [K in keyof Kinds]: Omit<Panel, "type" | "options" | "fieldConfig"> & {
    type: K;
    options: Kinds[K]["options"];
    fieldConfig: FieldConfigSource<Kinds[K]["custom"]>;
  };
}[keyof Kinds];

/** What the plugin of Prometheus adds to an annotation. */
type PrometheusAnnotation = AnnotationQuery<DataQuery & { expr: string; range: boolean; instant: boolean }> & {
  expr: string;
  titleFormat: string;
  textFormat: string;
  useValueForTime?: boolean;
};

/** The classic model. */
export type ClassicDashboard = Json<
  Omit<Dashboard, "panels" | "annotations"> & {
    panels: (ClassicPanel | RowPanel)[];
    annotations: { list: PrometheusAnnotation[] };
  }
>;

type VizConfig = {
  [K in keyof Kinds]: Omit<v2.VizConfigKind, "group" | "spec"> & {
    group: K;
    spec: { options: Kinds[K]["options"]; fieldConfig: FieldConfigSource<Kinds[K]["custom"]> };
  };
}[keyof Kinds];

type Element = { kind: "Panel"; spec: Omit<v2.PanelSpec, "vizConfig"> & { vizConfig: VizConfig } };

/** The specification of a v2 resource. */
export type DashboardV2 = Json<Omit<v2.Spec, "elements"> & { elements: Record<string, Element> }>;
