import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import * as common from "@grafana/grafana-foundation-sdk/common";
import type * as sdk from "@grafana/grafana-foundation-sdk/dashboard";
import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import * as table from "@grafana/grafana-foundation-sdk/table";
import type { TablePanel } from "../model/panel.ts";
import { levelSteps } from "./colors.ts";
import { query, refId } from "./queries.ts";

/** A table of instant values: one query for each column, merged into rows by their labels. */
export function tablePanel(panel: TablePanel): Builder<sdk.Panel> {
  const builder = new table.PanelBuilder()
    .unit(panel.unit)
    .showHeader(true)
    .cellHeight(common.TableCellHeight.Sm)
    .targets(
      panel.columns.map((column, index) =>
        query(column.query, refId(index)).format(prometheus.PromQueryFormat.Table).instant(),
      ),
    )
    .withTransformation({ id: "merge", options: {} })
    .withTransformation({ id: "organize", options: columnOptions(panel) });
  for (const column of panel.columns) {
    const properties: sdk.DynamicConfigValue[] = [{ id: "unit", value: column.unit }];
    if (column.levels !== undefined) {
      properties.push(
        { id: "thresholds", value: levelSteps(column.levels).build() },
        { id: "custom.cellOptions", value: { type: common.TableCellDisplayMode.ColorText } },
      );
    }
    builder.overrideByName(column.title, properties);
  }
  return builder;
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
