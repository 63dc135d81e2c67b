import type { Builder, Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import * as common from "@grafana/grafana-foundation-sdk/common";
import * as sdk from "@grafana/grafana-foundation-sdk/dashboard";
import * as heatmap from "@grafana/grafana-foundation-sdk/heatmap";
import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import * as stat from "@grafana/grafana-foundation-sdk/stat";
import * as statetimeline from "@grafana/grafana-foundation-sdk/statetimeline";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
import type {
  HeatmapPanel,
  PanelSpec,
  Series,
  StateTimelinePanel,
  StatPanel,
  TimeSeriesPanel,
} from "../model/panel.ts";
import { fixedColor, levelSteps, lineSteps, stateMappings, stateSteps } from "./colors.ts";
import { query, refId } from "./queries.ts";
import { tablePanel } from "./table.ts";

/** The SDK panel of a specification, without its place, id and texts. */
export function visualization(panel: PanelSpec): Builder<sdk.Panel> {
  switch (panel.kind) {
    case "timeseries":
      return timeSeriesPanel(panel);
    case "stat":
      return statPanel(panel);
    case "state-timeline":
      return stateTimelinePanel(panel);
    case "heatmap":
      return heatmapPanel(panel);
    case "table":
      return tablePanel(panel);
  }
}

function timeSeriesPanel(panel: TimeSeriesPanel): Builder<sdk.Panel> {
  const builder = new timeseries.PanelBuilder()
    .unit(panel.unit)
    .lineWidth(1)
    .fillOpacity(panel.stacked ? 40 : 8)
    .showPoints(common.VisibilityMode.Never)
    .spanNulls(false)
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending),
    )
    .targets(rangeTargets(panel.series));
  limits(builder, panel);
  if (panel.stacked) builder.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal));
  if (panel.thresholds !== undefined) {
    builder
      .thresholds(lineSteps(panel.thresholds))
      .thresholdsStyle(new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed));
  }
  for (const [name, color] of Object.entries(panel.colors ?? {})) {
    builder.overrideByName(name, [{ id: "color", value: fixedColor(color).build() }]);
  }
  return builder;
}

function statPanel(panel: StatPanel): Builder<sdk.Panel> {
  const builder = new stat.PanelBuilder()
    .unit(panel.unit)
    .colorMode(common.BigValueColorMode.Value)
    .graphMode(panel.states === undefined ? common.BigValueGraphMode.Area : common.BigValueGraphMode.None)
    .textMode(common.BigValueTextMode.Value)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(["lastNotNull"]))
    .thresholds(panel.states === undefined ? levelSteps(panel.levels) : stateSteps(panel.states))
    .targets(rangeTargets(panel.series));
  if (panel.states !== undefined) builder.mappings(stateMappings(panel.states));
  limits(builder, panel);
  return builder;
}

function stateTimelinePanel(panel: StateTimelinePanel): Builder<sdk.Panel> {
  return new statetimeline.PanelBuilder()
    .unit(panel.unit)
    .showValue(common.VisibilityMode.Never)
    .mergeValues(true)
    .rowHeight(0.8)
    .lineWidth(0)
    .fillOpacity(80)
    .legend(new common.VizLegendOptionsBuilder().showLegend(false))
    .colorScheme(new sdk.FieldColorBuilder().mode(sdk.FieldColorModeId.Thresholds))
    .thresholds(stateSteps(panel.states))
    .mappings(stateMappings(panel.states))
    .targets(rangeTargets(panel.series));
}

function heatmapPanel(panel: HeatmapPanel): Builder<sdk.Panel> {
  const target = query(panel.buckets, "A").legendFormat("{{le}}").format(prometheus.PromQueryFormat.Heatmap).range();
  return new heatmap.PanelBuilder()
    .unit(panel.unit)
    .calculate(false)
    .cellGap(1)
    .cellValues(new heatmap.CellValuesBuilder().unit("reqps"))
    .yAxis(new heatmap.YAxisConfigBuilder().unit(panel.unit))
    .color(
      new heatmap.HeatmapColorOptionsBuilder()
        .mode(heatmap.HeatmapColorMode.Scheme)
        .scheme("Oranges")
        .scale(heatmap.HeatmapColorScale.Exponential)
        .exponent(0.5)
        .steps(64),
    )
    .targets([target]);
}

function rangeTargets(series: readonly Series[]): Builder<Dataquery>[] {
  return series.map(({ query: vector, legend }, index) => query(vector, refId(index)).legendFormat(legend).range());
}

function limits(
  builder: { min(v: number): unknown; max(v: number): unknown; decimals(v: number): unknown },
  panel: PanelSpec,
): void {
  if (panel.min !== undefined) builder.min(panel.min);
  if (panel.max !== undefined) builder.max(panel.max);
  if (panel.decimals !== undefined) builder.decimals(panel.decimals);
}
