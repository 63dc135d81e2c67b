import type { Dashboard, Panel, VariableModel } from "@grafana/grafana-foundation-sdk/dashboard";
import type { Dataquery } from "@grafana/grafana-foundation-sdk/prometheus";
import { describe, expect, test } from "vitest";
import { DASHBOARDS } from "../dashboards/index.ts";
import { classicDashboard } from "../render/classic.ts";
import { panels } from "./rule.ts";
import { RULES } from "./rules.ts";

describe.each(DASHBOARDS)("$uid", (spec) => {
  test.each(RULES)("keeps $name", (rule) => {
    expect(rule.check(classicDashboard(spec))).toEqual([]);
  });
});

describe("each rule finds a dashboard that breaks it", () => {
  test.each(RULES)("$name", (rule) => {
    const breaks = BROKEN[rule.name];
    expect(breaks, "every rule needs an example that breaks it").toBeDefined();
    const dashboard = fresh();
    breaks?.(dashboard);
    expect(rule.check(dashboard)).not.toEqual([]);
  });
});

/** One violation of each rule, in an otherwise correct dashboard. */
const BROKEN: Record<string, (dashboard: Dashboard) => void> = {
  "template-datasource-rule": (dashboard) => {
    variable(dashboard, "datasource").name = "prometheus";
  },
  "template-job-rule": (dashboard) => {
    variable(dashboard, "job").multi = false;
  },
  "template-instance-rule": (dashboard) => {
    variable(dashboard, "instance").allValue = ".*";
  },
  "template-label-promql-rule": (dashboard) => {
    variable(dashboard, "job").query = "label_values(mcp_build_info{job=}, job)";
  },
  "template-on-time-change-reload-rule": (dashboard) => {
    variable(dashboard, "type").refresh = 1;
  },
  "uneditable-dashboard": (dashboard) => {
    dashboard.editable = true;
  },
  "panel-datasource-rule": (dashboard) => {
    firstTarget(dashboard).datasource = { type: "prometheus", uid: "P1809F7CD0C75ACF3" };
  },
  "panel-title-description-rule": (dashboard) => {
    firstPanel(dashboard).description = "";
  },
  "panel-units-rule": (dashboard) => {
    const panel = firstPanel(dashboard);
    if (panel.fieldConfig !== undefined) panel.fieldConfig.defaults.unit = "tasks";
  },
  "panel-no-targets-rule": (dashboard) => {
    firstPanel(dashboard).targets = [];
  },
  "target-promql-rule": (dashboard) => {
    firstTarget(dashboard).expr = "sum(rate(mcp_tasks_completed_total[$__rate_interval])";
  },
  "target-job-rule": (dashboard) => {
    firstTarget(dashboard).expr = 'max(mcp_dlq_depth{job="$job", instance=~"$instance"})';
  },
  "target-instance-rule": (dashboard) => {
    firstTarget(dashboard).expr = 'max(mcp_dlq_depth{job=~"$job"})';
  },
  "target-rate-interval-rule": (dashboard) => {
    firstTarget(dashboard).expr = 'sum(rate(mcp_tasks_completed_total{job=~"$job",instance=~"$instance"}[5m]))';
  },
  "target-counter-agg-rule": (dashboard) => {
    firstTarget(dashboard).expr = 'sum(mcp_tasks_completed_total{job=~"$job",instance=~"$instance"})';
  },
  "grid-covered-once": (dashboard) => {
    const place = firstPanel(dashboard).gridPos;
    if (place !== undefined) place.w += 1;
  },
  "unique-panel-ids": (dashboard) => {
    firstPanel(dashboard).id = panels(dashboard)[1]?.id ?? 0;
  },
  "no-database-id": (dashboard) => {
    dashboard.id = 7;
  },
  "only-known-metrics": (dashboard) => {
    firstTarget(dashboard).expr = 'max(mcp_dlq_length{job=~"$job",instance=~"$instance"})';
  },
  "only-known-labels": (dashboard) => {
    firstTarget(dashboard).expr = 'max by (type) (mcp_dlq_depth{job=~"$job",instance=~"$instance"})';
  },
  "legend-of-own-labels": (dashboard) => {
    firstTarget(dashboard).legendFormat = "{{pod}}";
  },
};

function fresh(): Dashboard {
  const [spec] = DASHBOARDS;
  if (spec === undefined) throw new Error("there is no dashboard");
  return classicDashboard(spec);
}

function variable(dashboard: Dashboard, name: string): VariableModel {
  const found = dashboard.templating.list?.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`there is no variable ${name}`);
  return found;
}

function firstPanel(dashboard: Dashboard): Panel {
  const [panel] = panels(dashboard);
  if (panel === undefined) throw new Error("there is no panel");
  return panel;
}

function firstTarget(dashboard: Dashboard): Dataquery {
  const [target] = firstPanel(dashboard).targets ?? [];
  if (target === undefined) throw new Error("there is no query");
  return target as Dataquery;
}
