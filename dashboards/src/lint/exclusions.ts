import { panelsOf } from "../model/dashboard.ts";
import type { Dashboard } from "../model/installation.ts";
import { type PanelSpec, queriesOf } from "../model/panel.ts";
import { OBJECTIVE_WINDOWS } from "../query/objectives.ts";
import { text } from "../query/vector.ts";
import { INTERVAL, parseQuery, type Selector } from "./promql.ts";
import { isNotOfTheJob, WITHOUT_TARGET } from "./targetRules.ts";

/** Exclusions of grafana/dashboard-linter, for its `.lint`. The same rules run here as tests. */
export function linterExclusions(dashboards: readonly Dashboard[]) {
  const panelsWith = (found: (selector: Selector) => boolean) => {
    const asks = (panel: PanelSpec) => queriesOf(panel).some((query) => parseQuery(text(query)).selectors.some(found));
    return dashboards.flatMap((dashboard) =>
      panelsOf(dashboard)
        .filter(asks)
        .map(({ title: panel }) => ({ dashboard: dashboard.title, panel })),
    );
  };
  const withoutTarget = { reason: WITHOUT_TARGET, entries: panelsWith(isNotOfTheJob) };
  return {
    exclusions: {
      "target-job-rule": withoutTarget,
      "target-instance-rule": withoutTarget,
      "target-rate-interval-rule": {
        reason: "A count uses the step, so that no event counts twice. An objective has a window of its own.",
        entries: panelsWith(({ range = "" }) => range === INTERVAL || OBJECTIVE_WINDOWS.includes(range)),
      },
    },
  };
}
