import type { Dashboard as ResourceDashboard } from "@grafana/grafana-foundation-sdk/dashboardv2";
import { DASHBOARD_UID, PANEL_IDS } from "@mcp-orchestrator/alerts";
import { describe, expect, test } from "vitest";
import { DASHBOARDS } from "../dashboards/index.ts";
import { panels, targets } from "../lint/rule.ts";
import { ALERT_NAMES, RUNBOOK_ALERTS, thresholdOf } from "../model/catalogue.ts";
import { panelsOf } from "../model/dashboard.ts";
import { queriesOf } from "../model/panel.ts";
import { idOf } from "../model/panelIds.ts";
import { text } from "../query/vector.ts";
import { classicDashboard } from "./classic.ts";
import { dashboardResource } from "./resource.ts";

describe.each(DASHBOARDS)("$uid", (spec) => {
  const classic = classicDashboard(spec);
  const resource = dashboardResource(spec);
  const v2 = resource.spec as ResourceDashboard;

  test("has every panel of its specification once, with its queries", () => {
    expect(panels(classic).map(({ title }) => title)).toEqual(panelsOf(spec).map(({ title }) => title));
    expect(panels(classic).map((panel) => targets(panel).map(({ expr }) => expr))).toEqual(
      panelsOf(spec).map((panel) => queriesOf(panel).map(text)),
    );
  });

  test("is the same dashboard as a resource", () => {
    expect([resource.apiVersion, resource.kind, resource.metadata.name]).toEqual([
      "dashboard.grafana.app/v2",
      "Dashboard",
      spec.uid,
    ]);
    const elements = Object.values(v2.elements).map((element) => {
      if (element.kind !== "Panel") throw new Error(`${element.kind} is not a panel`);
      const { id, title, description, vizConfig, data } = element.spec;
      const queries = data.spec.queries.map(({ spec: query }) => query.query.spec.expr as string);
      return { id, title, description, type: vizConfig.group, options: vizConfig.spec.options, queries };
    });
    expect(elements).toEqual(
      panels(classic).map((panel) => ({
        id: panel.id,
        title: panel.title,
        description: panel.description,
        type: panel.type,
        options: panel.options,
        queries: targets(panel).map(({ expr }) => expr),
      })),
    );
  });

  test("lays the resource's rows out like the classic grid", () => {
    if (v2.layout.kind !== "RowsLayout") throw new Error(`the layout is ${v2.layout.kind}`);
    const items = v2.layout.spec.rows.flatMap(({ spec: row }) => {
      if (row.layout.kind !== "GridLayout") throw new Error(`a row is laid out as ${row.layout.kind}`);
      return row.layout.spec.items.map(({ spec: item }) => [item.x, item.width, item.height]);
    });
    expect(items).toEqual(panels(classic).map(({ gridPos }) => [gridPos?.x, gridPos?.w, gridPos?.h]));
  });

  test("says of every panel what good looks like and which runbook to open", () => {
    for (const { description } of panels(classic)) {
      expect(description).toContain("**Good:** ");
      expect(description).toMatch(/\*\*Runbook:\*\* \[\w+\]\(\S+\)/);
    }
  });

  test("draws threshold lines exactly where the catalogue has its thresholds", () => {
    for (const panel of panelsOf(spec)) {
      if (panel.kind !== "timeseries" || panel.thresholds === undefined) continue;
      const drawn = panels(classic).find(({ title }) => title === panel.title)?.fieldConfig?.defaults.thresholds?.steps;
      const values = drawn?.map(({ value }) => value).filter((value) => value !== null);
      expect(values).toEqual(panel.thresholds.map(({ alert }) => thresholdOf(alert).value));
    }
  });

  test("takes its colours from thresholds that are in ascending order", () => {
    for (const panel of panels(classic)) {
      const [base, ...steps] = panel.fieldConfig?.defaults.thresholds?.steps.map(({ value }) => value) ?? [null];
      expect(base).toBeNull();
      expect(steps).toEqual(steps.toSorted((a, b) => Number(a) - Number(b)));
    }
  });
});

test("the overview shows the state of every alert of the runbook", () => {
  const [overview] = DASHBOARDS;
  const timeline = overview && panelsOf(overview).find(({ key }) => key === "alert-states");
  expect(timeline?.kind === "state-timeline" && timeline.series.map(({ legend }) => legend)).toEqual(RUNBOOK_ALERTS);
});

test("the overview has every panel that an alert links to, under the id in the link", () => {
  const [overview] = DASHBOARDS;
  if (overview === undefined) throw new Error("there is no dashboard");
  expect(overview.uid).toBe(DASHBOARD_UID);
  const ids = new Map(panelsOf(overview).map(({ key }) => [key, idOf(key)]));
  expect(Object.entries(PANEL_IDS).filter(([key, id]) => ids.get(key) !== id)).toEqual([]);
});

test("every alert has a panel that sends its reader to the alert's runbook", () => {
  const named = new Set(DASHBOARDS.flatMap(panelsOf).flatMap(({ runbooks }) => runbooks));
  expect(ALERT_NAMES.filter((name) => !named.has(name))).toEqual([]);
});

test("a panel that several dashboards show is the same in all of them", () => {
  const byKey = Map.groupBy(DASHBOARDS.flatMap(panelsOf), ({ key }) => key);
  for (const [key, same] of byKey) expect(new Set(same).size, key).toBe(1);
});
