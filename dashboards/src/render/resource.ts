import * as v2 from "@grafana/grafana-foundation-sdk/dashboardv2";
import * as folderv1 from "@grafana/grafana-foundation-sdk/folderv1";
import type * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import type * as resource from "@grafana/grafana-foundation-sdk/resource";
import type { Annotation } from "../model/annotations.ts";
import { runbookUrl } from "../model/catalogue.ts";
import { panelsOf } from "../model/dashboard.ts";
import { describe } from "../model/describe.ts";
import type { Dashboard } from "../model/installation.ts";
import { type PlacedSection, place } from "../model/layout.ts";
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
import { FOLDER, FOLDER_UID } from "./provisioning.ts";

/** A dashboard as a resource of Grafana's dashboard v2 API. */
export function dashboardResource(spec: Dashboard): resource.Manifest {
  const builder = new v2.DashboardBuilder(spec.title)
    .description(spec.description)
    .tags([...spec.tags])
    .editable(false)
    .cursorSync(v2.DashboardCursorSync.Crosshair)
    .timeSettings(
      new v2.TimeSettingsBuilder()
        .timezone("browser")
        .from(DEFAULT_RANGE.from)
        .to(DEFAULT_RANGE.to)
        .autoRefresh(REFRESH)
        .autoRefreshIntervals([...REFRESH_INTERVALS]),
    )
    .links(spec.tags.map(dashboardLink))
    .annotations(spec.annotations.map((source) => annotation(source, spec.links)))
    .variables([datasourceVariable(), ...spec.variables.map(queryVariable)])
    .layout(new v2.RowsBuilder().rows(place(spec).map(row)));
  for (const panel of panelsOf(spec)) builder.element(panel.key, element(panel, spec.links));
  const manifest = v2.manifest(spec.uid, builder).build();
  const annotations = { "grafana.app/folder": FOLDER_UID };
  return { ...manifest, metadata: { ...manifest.metadata, annotations } };
}

/** The folder of the resources, pushed with them. */
export function folderResource(): resource.Manifest {
  return folderv1.manifest(FOLDER_UID, new folderv1.FolderBuilder(FOLDER)).build();
}

/** Rows contain their panels, so positions count from the top of the row. */
function row(section: PlacedSection): v2.RowBuilder {
  const top = section.heading.y + section.heading.h;
  const items = section.panels.map(({ panel, place: at }) =>
    new v2.GridItemBuilder()
      .x(at.x)
      .y(at.y - top)
      .width(at.w)
      .height(at.h)
      .name(panel.key),
  );
  return new v2.RowBuilder().title(section.title).layout(new v2.GridBuilder().items(items));
}

function element(panel: PanelSpec, links: Dashboard["links"]): v2.PanelBuilder {
  const classic = visualization(panel, links).build();
  const group = new v2.QueryGroupBuilder()
    .queryOptions(new v2.QueryOptionsSpecBuilder().interval(minIntervalOf(panel)))
    .targets((classic.targets ?? []).map((target) => panelQuery(target as prometheus.Dataquery)))
    .transformations(
      (classic.transformations ?? []).map(({ id, options }) =>
        new v2.TransformationBuilder().group(id).options(options),
      ),
    );
  return new v2.PanelBuilder()
    .id(idOf(panel.key))
    .title(panel.title)
    .description(describe(panel, links))
    .links(
      panel.runbooks.flatMap((alert) => {
        const url = runbookUrl(alert, links);
        if (url === undefined) return [];
        return [new v2.DataLinkBuilder().title(`Runbook: ${alert}`).url(url).targetBlank(true)];
      }),
    )
    .data(group)
    .visualization(
      // Options and field settings of a visualization are the same JSON in both models; only the SDK's types differ.
      new v2.VizConfigKindBuilder()
        .group(classic.type)
        .options(classic.options)
        .fieldConfig((classic.fieldConfig ?? { defaults: {}, overrides: [] }) as unknown as v2.FieldConfigSource),
    );
}

function panelQuery(target: prometheus.Dataquery): v2.TargetBuilder {
  const { datasource: _, refId, ...spec } = target;
  return new v2.TargetBuilder().refId(refId ?? "A").query({ build: () => dataQuery(spec) });
}

function dataQuery(spec: object): v2.DataQueryKind {
  return {
    kind: "DataQuery",
    group: DATASOURCE.type,
    version: "v0",
    datasource: { name: DATASOURCE.uid },
    spec,
  };
}

function dashboardLink(tag: string): v2.DashboardLinkBuilder {
  return new v2.DashboardLinkBuilder()
    .title("Dashboards")
    .type(v2.DashboardLinkType.Dashboards)
    .tags([tag])
    .includeVars(true)
    .keepTime(true);
}

function datasourceVariable(): v2.DatasourceVariableBuilder {
  return new v2.DatasourceVariableBuilder(DATASOURCE_VARIABLE).label(DATASOURCE_LABEL).pluginId(DATASOURCE.type);
}

function queryVariable(variable: QueryVariable): v2.QueryVariableBuilder {
  const builder = new v2.QueryVariableBuilder(variable.name)
    .label(variable.label)
    .query({ build: () => dataQuery({ query: variable.query, refId: variable.name }) })
    .definition(variable.query)
    .refresh(v2.VariableRefresh.OnTimeRangeChanged)
    .sort(v2.VariableSort.AlphabeticalAsc);
  if (variable.single) return builder;
  return builder
    .multi(true)
    .includeAll(true)
    .allValue(ALL_VALUES)
    .current({ text: ["All"], value: ["$__all"] });
}

function annotation(source: Annotation, links: Dashboard["links"]): v2.AnnotationQueryBuilder {
  const expr = text(source.vector);
  return new v2.AnnotationQueryBuilder()
    .name(source.name)
    .enable(true)
    .hide(false)
    .iconColor(source.color)
    .query({ build: () => dataQuery({ expr, refId: "Anno" }) })
    .legacyOptions({
      titleFormat: source.title,
      textFormat: annotationText(source, links),
      ...(source.valueIsTime ? { useValueForTime: "on" } : {}),
    });
}
