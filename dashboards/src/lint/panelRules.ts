import { DATASOURCE } from "../model/variables.ts";
import { eachPanel, type Rule, targets } from "./rule.ts";
import { GRAFANA_UNITS } from "./units.ts";

/** Rules on a dashboard and its panels. */
export const PANEL_RULES: readonly Rule[] = [
  {
    name: "uneditable-dashboard",
    check: (dashboard) => (dashboard.editable === false ? [] : ["can be edited"]),
  },
  {
    name: "panel-datasource-rule",
    check: (dashboard) =>
      eachPanel(dashboard, (panel) =>
        [panel.datasource, ...targets(panel).map((target) => target.datasource)]
          .filter((source) => source?.uid !== DATASOURCE.uid)
          .map((source) => `asks the data source ${source?.uid}, not the chosen one`),
      ),
  },
  {
    name: "panel-title-description-rule",
    check: (dashboard) =>
      eachPanel(dashboard, (panel) => [
        ...(panel.title ? [] : ["has no title"]),
        ...(panel.description ? [] : ["has no description"]),
      ]),
  },
  {
    name: "panel-units-rule",
    check: (dashboard) =>
      eachPanel(dashboard, (panel) => {
        const unit = panel.fieldConfig?.defaults.unit ?? "";
        return GRAFANA_UNITS.includes(unit) ? [] : [`has the unit "${unit}", which Grafana does not know`];
      }),
  },
  {
    name: "panel-no-targets-rule",
    check: (dashboard) => eachPanel(dashboard, (panel) => (targets(panel).length > 0 ? [] : ["asks nothing"])),
  },
];
