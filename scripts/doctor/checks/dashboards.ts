import { dashboardsFor, renderClassic } from "@mcp-orchestrator/dashboards";
import { type Finding, ok, problem, warning } from "../finding.ts";
import { type GrafanaApi, type Panel, panelsIn } from "../servers.ts";
import type { Check } from "./check.ts";

/** Checks that Grafana has the dashboards of the links, with the generated panels and queries. */
export const dashboards: Check = {
  title: "Dashboards",
  asks: ["grafana"],
  async examine({ grafana, installation: { bundle } }) {
    if (grafana === undefined) return [];
    const findings: Finding[] = [];
    for (const spec of dashboardsFor(bundle)) {
      findings.push(...(await examineDashboard(grafana, spec.uid, panelsIn(renderClassic(spec)))));
    }
    return findings;
  },
};

async function examineDashboard(grafana: GrafanaApi, uid: string, expected: readonly Panel[]): Promise<Finding[]> {
  const remedy = `Import dashboards/generated/${uid}.json, or provision the folder.`;
  const panels = await grafana.panels(uid);
  if (panels === undefined) return [problem(uid, "is not in this Grafana", remedy)];
  const byId = new Map(panels.map((panel) => [panel.id, panel]));
  const missing = expected.filter(({ id }) => !byId.has(id));
  const changed = expected.filter((panel) => {
    const found = byId.get(panel.id);
    return found !== undefined && queriesOf(found) !== queriesOf(panel);
  });
  const named = (list: readonly Panel[]) => list.map(({ title, id }) => `${title} (${id})`).join(", ");
  return [
    ...(missing.length === 0
      ? []
      : [problem(uid, `lacks the panels ${named(missing)}: links to them are dead`, remedy)]),
    ...(changed.length === 0 ? [] : [warning(uid, `other queries than generated: ${named(changed)}`, remedy)]),
    ...(missing.length + changed.length > 0 ? [] : [ok(uid, `${expected.length} panels, as generated`)]),
  ];
}

const queriesOf = ({ targets }: Panel) => targets.map(({ refId, expr = "" }) => `${refId}: ${expr}`).join("\n");
