import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import * as common from "@grafana/grafana-foundation-sdk/common";
import type * as sdk from "@grafana/grafana-foundation-sdk/dashboard";
import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import * as table from "@grafana/grafana-foundation-sdk/table";
import type { Bundle } from "@mcp-orchestrator/alerts";
import type { TablePanel } from "../model/panel.ts";
import { levelSteps, NO_DATA, wordMapping } from "./colors.ts";
import { alertCellLinks } from "./links.ts";
import { query, refId } from "./queries.ts";

/** Text in the colour of its value. */
const COLORED: sdk.DynamicConfigValue = {
  id: "custom.cellOptions",
  value: { type: common.TableCellDisplayMode.ColorText },
};

/** Not shown, under the name of this setting before and since Grafana 12.2. */
const HIDDEN: sdk.DynamicConfigValue[] = [
  { id: "custom.hidden", value: true },
  { id: "custom.hideFrom.viz", value: true },
];

/** A table of instant values: one query for each column, merged into rows by labels. */
export function tablePanel(panel: TablePanel, links: Bundle["links"]): Builder<sdk.Panel> {
  const builder = new table.PanelBuilder()
    .unit(panel.unit)
    .noValue(NO_DATA.text)
    .showHeader(true)
    .cellHeight(common.TableCellHeight.Sm)
    .targets(
      panel.columns.map((column, index) =>
        query(column.query, refId(index)).format(prometheus.PromQueryFormat.Table).instant(),
      ),
    )
    .withTransformation({ id: "merge", options: {} })
    .withTransformation({ id: "organize", options: columnOptions(panel) });
  const panelColumn = panel.rows.find(({ label }) => label === "panel")?.title ?? "";
  for (const column of panel.rows) {
    const properties: sdk.DynamicConfigValue[] = [
      ...(column.hidden ? HIDDEN : []),
      ...(column.linksTo === "alert" ? [{ id: "links", value: alertCellLinks(panelColumn, links) }] : []),
      ...(column.words === undefined ? [] : [{ id: "mappings", value: [wordMapping(column.words)] }, COLORED]),
    ];
    if (properties.length > 0) builder.overrideByName(column.title, properties);
  }
  for (const column of panel.columns) {
    const properties: sdk.DynamicConfigValue[] = [{ id: "unit", value: column.unit }, ...(column.hidden ? HIDDEN : [])];
    if (column.levels !== undefined) {
      properties.push({ id: "thresholds", value: levelSteps(column.levels).build() }, COLORED);
    }
    builder.overrideByName(column.title, properties);
  }
  return { build: () => withoutFooter(builder.build()) };
}

/** The SDK adds the footer of earlier releases. */
function withoutFooter(panel: sdk.Panel): sdk.Panel {
  const { footer: _, ...options } = panel.options as table.Options;
  return { ...panel, options };
}

/** Name of a query's value column after the merge. */
function valueField(panel: TablePanel, index: number): string {
  return panel.columns.length === 1 ? "Value" : `Value #${refId(index)}`;
}

function columnOptions(panel: TablePanel) {
  const rows = panel.rows.map(({ label, title }) => [label, title] as const);
  const values = panel.columns.map(({ title }, index) => [valueField(panel, index), title] as const);
  const columns = [...rows, ...values];
  return {
    excludeByName: { Time: true },
    indexByName: Object.fromEntries(columns.map(([name], index) => [name, index])),
    renameByName: Object.fromEntries(columns),
  };
}
