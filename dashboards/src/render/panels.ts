import type { Builder, Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import * as common from "@grafana/grafana-foundation-sdk/common";
import type * as sdk from "@grafana/grafana-foundation-sdk/dashboard";
import * as heatmap from "@grafana/grafana-foundation-sdk/heatmap";
import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import * as stat from "@grafana/grafana-foundation-sdk/stat";
import * as statetimeline from "@grafana/grafana-foundation-sdk/statetimeline";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
import type { Bundle } from "@mcp-orchestrator/alerts";
import type { AlertName, ThresholdLine } from "../model/catalogue.ts";
import {
  type HeatmapPanel,
  type PanelSpec,
  queriesOf,
  type Series,
  type StateTimelinePanel,
  type StatPanel,
  type TimeSeriesPanel,
} from "../model/panel.ts";
import { minIntervalOf } from "../model/time.ts";
import type { Vector } from "../query/vector.ts";
import { BAR_OPACITY, fixedColor, HEAT, levelSteps, lineSteps, NO_DATA, noDataMapping, wordMapping } from "./colors.ts";
import { alertLinks } from "./links.ts";
import { query, refId } from "./queries.ts";
import { tablePanel } from "./table.ts";

/** The SDK panel of a specification, without position, id and texts. Alerts in it link to their runbooks and panels. */
export function visualization(panel: PanelSpec, links: Bundle["links"]): Builder<sdk.Panel> {
  switch (panel.kind) {
    case "timeseries":
      return timeSeriesPanel(panel);
    case "stat":
      return statPanel(panel);
    case "state-timeline":
      return stateTimelinePanel(panel, links);
    case "heatmap":
      return heatmapPanel(panel);
    case "table":
      return tablePanel(panel, links);
  }
}

function timeSeriesPanel(panel: TimeSeriesPanel): Builder<sdk.Panel> {
  const thin = panel.series.flatMap((series, index) => (series.thin ? [refId(index)] : []));
  const builder = new timeseries.PanelBuilder()
    .unit(panel.unit)
    .noValue(NO_DATA.text)
    .lineWidth(thin.length > 0 ? 2 : 1)
    .fillOpacity(panel.stacked ? 40 : 8)
    .showPoints(common.VisibilityMode.Auto)
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
    .targets(rangeTargets(panel.series, panel.seldomScraped && minIntervalOf(panel)));
  limits(builder, panel);
  if (panel.stacked) builder.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal));
  if (panel.thresholds !== undefined) {
    builder
      .thresholds(lineSteps(panel.thresholds, panel.symmetric))
      .thresholdsStyle(new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed));
    const { softMin, softMax } = softLimits(panel, panel.thresholds);
    if (softMin !== undefined) builder.axisSoftMin(softMin);
    if (softMax !== undefined) builder.axisSoftMax(softMax);
  }
  if (panel.bars) builder.drawStyle(common.GraphDrawStyle.Bars);
  if (panel.symmetric) builder.axisCenteredZero(true);
  for (const id of thin) builder.overrideByQuery(id, THIN);
  for (const [name, color] of Object.entries(panel.colors ?? {})) {
    builder.overrideByName(name, [{ id: "color", value: fixedColor(color).build() }]);
  }
  return builder;
}

function statPanel(panel: StatPanel): Builder<sdk.Panel> {
  const builder = new stat.PanelBuilder()
    .unit(panel.unit)
    .colorMode(common.BigValueColorMode.Value)
    .graphMode(panel.course === undefined ? common.BigValueGraphMode.None : common.BigValueGraphMode.Area)
    .textMode(common.BigValueTextMode.Value)
    // The last sample, even if it is null.
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(["last"]))
    .noValue(NO_DATA.text)
    .mappings([...(panel.words === undefined ? [] : [wordMapping(panel.words)]), noDataMapping()])
    .thresholds(levelSteps(panel.levels))
    .targets(queriesOf(panel).map((vector, index) => tileTarget(panel, vector, refId(index))));
  // The instant value becomes the last point of the course.
  if (panel.course !== undefined) builder.withTransformation({ id: "merge", options: {} });
  limits(builder, panel);
  return builder;
}

/** Both queries have one name, so that the results are one series. */
function tileTarget(panel: StatPanel, vector: Vector<string>, id: string): Builder<Dataquery> {
  const target = query(vector, id).legendFormat(panel.title);
  return vector === panel.course ? target.range() : target.instant();
}

function stateTimelinePanel(panel: StateTimelinePanel, links: Bundle["links"]): Builder<sdk.Panel> {
  const builder = new statetimeline.PanelBuilder()
    .unit(panel.unit)
    // States as text too, for readers who cannot distinguish the colours. Grafana cuts a word to what fits.
    .showValue(common.VisibilityMode.Always)
    .mergeValues(true)
    .rowHeight(0.8)
    .lineWidth(0)
    .fillOpacity(BAR_OPACITY)
    .legend(new common.VizLegendOptionsBuilder().showLegend(false))
    // Words have their colours. With colours by threshold, Grafana writes "< 1" and "1+" instead of words.
    .colorScheme(fixedColor("text"))
    .mappings([wordMapping(panel.states)])
    .targets(rangeTargets(panel.series));
  if (panel.linksTo === "alert") {
    // Every alert on one page; the SDK sets 20.
    builder.perPage(panel.series.length);
    for (const { legend } of panel.series) {
      builder.overrideByName(legend, [{ id: "links", value: alertLinks(legend as AlertName, links) }]);
    }
  }
  return builder;
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
        .scheme(HEAT.scheme)
        // Without effect on a scheme: Grafana's defaults.
        .scale(heatmap.HeatmapColorScale.Exponential)
        .exponent(0.5)
        .steps(HEAT.steps),
    )
    .targets([target]);
}

/** A thin dashed line without a legend entry, in no colour of a series. */
const THIN: sdk.DynamicConfigValue[] = [
  { id: "color", value: fixedColor("text").build() },
  { id: "custom.lineWidth", value: 1 },
  { id: "custom.lineStyle", value: { fill: "dash", dash: [4, 4] } },
  { id: "custom.fillOpacity", value: 0 },
  { id: "custom.hideFrom", value: { legend: true, tooltip: false, viz: false } },
];

/** Space beyond the outermost threshold, as a share of it. */
const HEADROOM = 0.2;

/** Soft bounds of the axis that include every threshold line, since Grafana scales to the data only. */
function softLimits({ symmetric, max }: TimeSeriesPanel, lines: readonly ThresholdLine[]) {
  const values = (good: ThresholdLine["good"]) => lines.filter((line) => line.good === good).map(({ value }) => value);
  const open = max === undefined ? values("above") : [];
  const above = Math.max(0, ...values("below"), ...open) * (1 + HEADROOM);
  if (symmetric) return { softMin: -(above || 1), softMax: above || 1 };
  const below = values("above").map((value) => value - (max === undefined ? value : max - value) * (1 + HEADROOM));
  return {
    softMin: below.length === 0 ? undefined : Math.min(...below),
    softMax: above === 0 ? undefined : above,
  };
}

/** @param smallestStep of the queries, from which Grafana derives the window of a rate; that of the panel does not count */
function rangeTargets(series: readonly Series[], smallestStep?: string): Builder<Dataquery>[] {
  return series.map(({ query: vector, legend }, index) => {
    const target = query(vector, refId(index)).legendFormat(legend).range();
    return smallestStep === undefined ? target : target.interval(smallestStep);
  });
}

function limits(
  builder: { min(v: number): unknown; max(v: number): unknown; decimals(v: number): unknown },
  panel: PanelSpec,
): void {
  if (panel.min !== undefined) builder.min(panel.min);
  if (panel.max !== undefined) builder.max(panel.max);
  if (panel.decimals !== undefined) builder.decimals(panel.decimals);
}
