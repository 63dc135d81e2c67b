import * as sdk from "@grafana/grafana-foundation-sdk/dashboard";
import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import type { Annotation } from "../model/annotations.ts";
import { runbookUrl } from "../model/catalogue.ts";
import { describe } from "../model/describe.ts";
import type { Dashboard } from "../model/installation.ts";
import { type Place, place } from "../model/layout.ts";
import type { PanelSpec } from "../model/panel.ts";
import { idOf } from "../model/panelIds.ts";
import { DEFAULT_RANGE, minIntervalOf, REFRESH, REFRESH_INTERVALS } from "../model/time.ts";
import {
  ALL_VALUES,
  DATASOURCE,
  DATASOURCE_LABEL,
  DATASOURCE_VARIABLE,
  type QueryVariable,
} from "../model/variables.ts";
import { text } from "../query/vector.ts";
import { annotationText } from "./links.ts";
import { visualization } from "./panels.ts";

/** The schema of Grafana 11.0: that and every later version migrate it on load. */
const SCHEMA_VERSION = 39;

/** A dashboard in the classic JSON model. */
export function classicDashboard(spec: Dashboard): sdk.Dashboard {
  const builder = new sdk.DashboardBuilder(spec.title)
    .uid(spec.uid)
    .description(spec.description)
    .tags([...spec.tags])
    .readonly()
    .timezone("browser")
    .tooltip(sdk.DashboardCursorSync.Crosshair)
    .time(DEFAULT_RANGE)
    .refresh(REFRESH)
    .timepicker(new sdk.TimePickerBuilder().refreshIntervals([...REFRESH_INTERVALS]))
    .links(spec.tags.map(dashboardLink))
    .annotations(spec.annotations.map((source) => annotation(source, spec.links)))
    .variables([datasourceVariable(), ...spec.variables.map(queryVariable)]);
  for (const section of place(spec)) {
    builder.withRow(
      new sdk.RowBuilder(section.title).id(idOf(`${spec.uid}/${section.title}`)).gridPos(section.heading),
    );
    for (const { panel, place: at } of section.panels)
      builder.withPanel({ build: () => classicPanel(panel, at, spec.links) });
  }
  const { id: _, ...dashboard } = builder.build();
  return withoutUnwanted({ ...dashboard, schemaVersion: SCHEMA_VERSION });
}

/** Settings of interval variables, which the SDK gives to every variable. */
const OF_INTERVALS = ["auto", "auto_min", "auto_count"];

/** Removes what the SDK adds: those, and the placement of links in the controls menu, where no reader finds them. */
function withoutUnwanted<T>(dashboard: T): T {
  const unwanted = (key: string, value: unknown) =>
    OF_INTERVALS.includes(key) || (key === "placement" && value === sdk.DashboardLinkPlacement.InControlsMenu);
  return JSON.parse(JSON.stringify(dashboard, (key, value) => (unwanted(key, value) ? undefined : value))) as T;
}

/** A panel in the classic JSON model, with its position. */
export function classicPanel(panel: PanelSpec, at: Place, links: Dashboard["links"]): sdk.Panel {
  return {
    ...visualization(panel, links).build(),
    interval: minIntervalOf(panel),
    id: idOf(panel.key),
    title: panel.title,
    description: describe(panel, links),
    datasource: DATASOURCE,
    gridPos: { ...at },
    links: panel.runbooks.flatMap((alert) => {
      const url = runbookUrl(alert, links);
      if (url === undefined) return [];
      const link = new sdk.DashboardLinkBuilder(`Runbook: ${alert}`).type(sdk.DashboardLinkType.Link).url(url);
      return [link.targetBlank(true).build()];
    }),
  };
}

function dashboardLink(tag: string): sdk.DashboardLinkBuilder {
  return new sdk.DashboardLinkBuilder("Dashboards")
    .type(sdk.DashboardLinkType.Dashboards)
    .tags([tag])
    .includeVars(true)
    .keepTime(true);
}

function datasourceVariable(): sdk.DatasourceVariableBuilder {
  return new sdk.DatasourceVariableBuilder(DATASOURCE_VARIABLE).label(DATASOURCE_LABEL).type(DATASOURCE.type);
}

function queryVariable(variable: QueryVariable): sdk.QueryVariableBuilder {
  const builder = new sdk.QueryVariableBuilder(variable.name)
    .label(variable.label)
    .datasource(DATASOURCE)
    .query(variable.query)
    .refresh(sdk.VariableRefresh.OnTimeRangeChanged)
    .sort(sdk.VariableSort.AlphabeticalAsc);
  if (variable.single) return builder;
  return builder
    .multi(true)
    .includeAll(true)
    .allValue(ALL_VALUES)
    .current({ text: ["All"], value: ["$__all"] });
}

function annotation(source: Annotation, links: Dashboard["links"]): sdk.AnnotationQueryBuilder {
  const expr = text(source.vector);
  const builder = new sdk.AnnotationQueryBuilder()
    .name(source.name)
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor(source.color)
    .expr(expr)
    .titleFormat(source.title)
    .textFormat(annotationText(source, links))
    .target(new prometheus.DataqueryBuilder().datasource(DATASOURCE).expr(expr).refId("Anno").range());
  if (source.valueIsTime) builder.useValueForTime(true);
  return builder;
}
