import type { Dashboard as ResourceDashboard } from "@grafana/grafana-foundation-sdk/dashboardv2";
import {
  ALERTS,
  type Alert,
  type AlertName,
  alertNamed,
  BUNDLE,
  DASHBOARD_UID,
  PANEL_IDS,
} from "@mcp-orchestrator/alerts";
import { type Expression, renderQuery } from "@mcp-orchestrator/alerts/promql";
import { describe, expect, test } from "vitest";
import { DASHBOARDS, dashboardsFor } from "../dashboards/index.ts";
import { parseQuery } from "../lint/promql.ts";
import { panels, targets } from "../lint/rule.ts";
import { ALERT_NAMES, thresholdOf } from "../model/catalogue.ts";
import { panelsOf } from "../model/dashboard.ts";
import { queriesOf } from "../model/panel.ts";
import { idOf } from "../model/panelIds.ts";
import { PROCESS_METRICS } from "../query/process.ts";
import { text } from "../query/vector.ts";
import { classicDashboard } from "./classic.ts";
import { dashboardResource, folderResource } from "./resource.ts";

const RUNBOOK_LINK = /\*\*Runbook:\*\* \[\w+\]\(\S+\)/;

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
    expect(resource.metadata.annotations).toEqual({ "grafana.app/folder": folderResource().metadata.name });
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

  test("has the rows of the classic grid as a resource", () => {
    if (v2.layout.kind !== "RowsLayout") throw new Error(`the layout is ${v2.layout.kind}`);
    const items = v2.layout.spec.rows.flatMap(({ spec: row }) => {
      if (row.layout.kind !== "GridLayout") throw new Error(`a row is laid out as ${row.layout.kind}`);
      return row.layout.spec.items.map(({ spec: item }) => [item.x, item.width, item.height]);
    });
    expect(items).toEqual(panels(classic).map(({ gridPos }) => [gridPos?.x, gridPos?.w, gridPos?.h]));
  });

  test("describes for every panel what good looks like and which runbook to open", () => {
    for (const { description } of panels(classic)) {
      expect(description).toContain("**Good:** ");
      expect(description).toMatch(BUNDLE.links.runbooks === undefined ? /\*\*Runbook:\*\* \w+/ : RUNBOOK_LINK);
    }
  });

  test("draws threshold lines exactly at the catalogue's thresholds", () => {
    for (const panel of panelsOf(spec)) {
      if (panel.kind !== "timeseries" || panel.thresholds === undefined) continue;
      const drawn = panels(classic).find(({ title }) => title === panel.title)?.fieldConfig?.defaults.thresholds?.steps;
      const values = drawn?.map(({ value }) => value).filter((value) => value !== null);
      const both = panel.thresholds.flatMap(({ alert }) => [thresholdOf(alert).value, ...limitsOf(alert)]);
      expect(new Set(values?.map((value) => (panel.symmetric ? Math.abs(value) : value)))).toEqual(new Set(both));
    }
  });

  test("shows the last 15 minutes at first", () => {
    expect(classic.time).toEqual({ from: "now-15m", to: "now" });
    expect(v2.timeSettings).toMatchObject({ from: "now-15m", to: "now" });
  });

  test("has its thresholds in ascending order", () => {
    for (const panel of panels(classic)) {
      const [base, ...steps] = panel.fieldConfig?.defaults.thresholds?.steps.map(({ value }) => value) ?? [null];
      expect(base).toBeNull();
      expect(steps).toEqual(steps.toSorted((a, b) => Number(a) - Number(b)));
    }
  });
});

test("the overview shows the state of every alert, the most severe first", () => {
  const [overview] = DASHBOARDS;
  const timeline = overview && panelsOf(overview).find(({ key }) => key === "alert-states");
  const names = timeline?.kind === "state-timeline" ? timeline.series.map(({ legend }) => legend) : [];
  const rank = (name: string) => {
    const { severity, page } = alertNamed(name as AlertName);
    return page ? 0 : severity === "critical" ? 1 : 2;
  };
  expect(names.map(rank)).toEqual(names.map(rank).toSorted());
  expect(names.toSorted()).toEqual(
    ALERTS.map(({ name }) => name)
      .filter((name) => name !== "Watchdog")
      .toSorted(),
  );
});

test.each(ALERTS.filter(({ signal }) => signal !== undefined))("the panel of $name draws what fires it", (alert) => {
  const panel = DASHBOARDS.flatMap(panelsOf).find(({ key }) => key === alert.panel);
  if (panel === undefined) throw new Error(`there is no panel ${alert.panel}`);
  const drawn = panel.kind === "timeseries" ? panel : undefined;
  // Mirrored if the alert fires for both signs.
  const shown = (record = "") => (drawn?.symmetric ? metricIn(record) : record);
  const queries = queriesOf(panel).map(text).join("\n");
  expect(queries).toContain(shown(alert.signal?.record));
  for (const { record } of comparisonsOf(alert)) expect(queries).toContain(shown(record));
  if (drawn === undefined || (alert.threshold.fixed && alert.objective === undefined)) return;
  const lines = drawn.thresholds?.filter((line) => line.alert === alert.name).map(({ value }) => value);
  expect(lines).toContain(alert.threshold.value);
  expect(lines).toEqual(expect.arrayContaining(limitsOf(alert.name)));
});

const metricIn = (record: string) => /mcp_\w+/.exec(record)?.[0];

/** Which recorded series of what it watches an alert compares with which numbers. */
function comparisonsOf({
  expression,
  comparator,
  signal,
}: Alert): { readonly record: string; readonly limit: number }[] {
  const within = (node: Expression): ReturnType<typeof comparisonsOf> => {
    switch (node.kind) {
      case "call":
        return node.args.flatMap(within);
      case "aggregation":
        return within(node.operand);
      case "binary": {
        const held = node.left.kind === "call" && node.left.name === "last_over_time" ? node.left.args[0] : node.left;
        return node.operator === comparator && held?.kind === "selector" && node.right.kind === "number"
          ? [{ record: held.metric, limit: node.right.value }]
          : [...within(node.left), ...within(node.right)];
      }
      default:
        return [];
    }
  };
  return within(expression).filter(({ record }) => metricIn(record) === metricIn(signal?.record ?? ""));
}

const limitsOf = (name: AlertName) => comparisonsOf(alertNamed(name)).map(({ limit }) => limit);

test("alerts on error budgets compare two pairs of burn rates, all of which are drawn", () => {
  const burns = ALERTS.filter(({ objective }) => objective !== undefined);
  expect(burns.map((alert) => comparisonsOf(alert).length)).toEqual([4, 4, 4, 4]);
});

const ofRate = (expression: Expression): boolean => /\b(rate|increase)\(/.test(renderQuery(expression));
const RATE_ALERTS = ALERTS.filter(({ signal }) => {
  return signal !== undefined && [signal, ...(signal.inputs ?? [])].some((one) => ofRate(one.expression));
});

test.each(RATE_ALERTS)("the panel of $name draws the rate over a short window as a thin second line", (alert) => {
  const panel = DASHBOARDS.flatMap(panelsOf).find(({ key }) => key === alert.panel);
  const thin = panel?.kind === "timeseries" ? panel.series.filter((series) => series.thin) : [];
  // An error budget is compared over a short window of its own.
  const window = alert.objective === undefined ? "[$__rate_interval]" : ":burn";
  expect(thin.map(({ query }) => text(query))).toContainEqual(expect.stringContaining(window));
});

test("the window of a rate holds several samples of what is scraped at a quarter of the rate", () => {
  const seldom = DASHBOARDS.flatMap((spec) => panels(classicDashboard(spec))).filter((panel) =>
    targets(panel).some(({ expr }) => /rate\((prometheus|alertmanager)_/.test(expr)),
  );
  expect(seldom.length).toBeGreaterThan(0);
  const steps = seldom.flatMap((panel) => targets(panel).map(({ interval }) => interval));
  expect(new Set(steps)).toEqual(new Set(["1m"]));
});

test("every threshold line is inside its axis, for any data", () => {
  for (const spec of DASHBOARDS) {
    for (const panel of panels(classicDashboard(spec))) {
      const { min, max, thresholds, custom } = panel.fieldConfig?.defaults ?? {};
      if (custom?.thresholdsStyle === undefined) continue;
      const low = min ?? custom.axisSoftMin ?? Number.POSITIVE_INFINITY;
      const high = max ?? custom.axisSoftMax ?? Number.NEGATIVE_INFINITY;
      for (const { value } of thresholds?.steps.slice(1) ?? []) {
        expect(value, panel.title).toBeGreaterThanOrEqual(low);
        expect(value, panel.title).toBeLessThanOrEqual(high);
      }
    }
  }
});

test("a timeline of alerts has all of them on one page", () => {
  for (const timeline of DASHBOARDS.flatMap((spec) => panels(classicDashboard(spec)))) {
    if (timeline.type !== "state-timeline") continue;
    const { perPage } = timeline.options as { perPage: number };
    expect(targets(timeline).length, timeline.title).toBeLessThanOrEqual(perPage);
  }
});

test("states are always shown as words, because with colours by threshold Grafana writes ranges", () => {
  const timelines = DASHBOARDS.flatMap((spec) => panels(classicDashboard(spec))).filter(
    ({ type }) => type === "state-timeline",
  );
  expect(timelines.length).toBeGreaterThan(0);
  for (const { title, fieldConfig, options } of timelines) {
    expect(options, title).toMatchObject({ showValue: "always" });
    expect(fieldConfig?.defaults.color?.mode, title).toBe("fixed");
    const [mapping] = fieldConfig?.defaults.mappings ?? [];
    const words = Object.values(mapping?.options ?? {}) as { text: string; color: string }[];
    expect(words.length, title).toBeGreaterThan(1);
    for (const { text: word, color } of words) expect([title, word, color]).not.toContain(undefined);
    // A narrow stretch has room for two letters.
    expect(new Set(words.map(({ text: word }) => word.slice(0, 2))).size, title).toBe(words.length);
  }
});

test("metrics that every process has are those of the configured job", () => {
  const other = dashboardsFor({ ...BUNDLE, job: "orders" }).map(classicDashboard);
  const queries = other.flatMap((dashboard) => [
    ...panels(dashboard).flatMap((panel) => targets(panel).map(({ expr }) => expr)),
    ...(dashboard.annotations?.list ?? []).map(({ expr }) => String(expr)),
  ]);
  const selectors = queries.flatMap((query) => parseQuery(query).selectors);
  const ofAnyProcess = selectors.filter(({ metric }) => /^(up$|process_|nodejs_)/.test(metric));
  expect(new Set(ofAnyProcess.map(({ metric }) => metric))).toEqual(new Set(Object.keys(PROCESS_METRICS)));
  for (const { metric, matchers } of ofAnyProcess) {
    expect(matchers, metric).toContainEqual({ label: "job", operator: "=", value: "orders" });
  }
});

test("a sample between two gaps is a point", () => {
  // Grafana draws the points that have no line if it chooses the points, and gaps are not bridged.
  const charts = DASHBOARDS.flatMap((spec) => panels(classicDashboard(spec))).filter(
    ({ type }) => type === "timeseries",
  );
  expect(charts.length).toBeGreaterThan(0);
  for (const { title, fieldConfig } of charts) {
    expect(fieldConfig?.defaults.custom, title).toMatchObject({ showPoints: "auto", spanNulls: false });
  }
});

test("no link or annotation is hidden in the controls menu", () => {
  expect(DASHBOARDS.map((spec) => JSON.stringify(classicDashboard(spec)).includes("inControlsMenu"))).not.toContain(
    true,
  );
});

test("every name of an alert links to its runbook and its panel, and no link has a host that is not configured", () => {
  const [overview] = dashboardsFor({ ...BUNDLE, links: { runbooks: "https://runbooks.example" } });
  if (overview === undefined) throw new Error("there is no dashboard");
  const classic = classicDashboard(overview);
  const overrides = panels(classic).find(({ title }) => title === "State of the alerts")?.fieldConfig?.overrides ?? [];
  expect(overrides.map(({ matcher }) => matcher.options)).toEqual(ALERT_NAMES);
  for (const { matcher, properties } of overrides) {
    const urls = properties.flatMap(({ value }) => value as { url: string }[]).map(({ url }) => url);
    expect(urls[0]).toBe(`https://runbooks.example/${matcher.options}.md`);
    expect(urls[1]).toContain(`viewPanel=${PANEL_IDS[alertNamed(matcher.options as AlertName).panel]}&`);
  }
  const table = panels(classic).find(({ title }) => title === "Active alerts")?.fieldConfig?.overrides ?? [];
  const [runbook, panel] = table
    .flatMap(({ properties }) => properties)
    .filter(({ id }) => id === "links")
    .flatMap(({ value }) => value as { url: string }[]);
  expect(runbook?.url).toMatch(/^https:\/\/runbooks\.example\/\$\{.*\}\.md$/);
  expect(panel?.url).toMatch(/viewPanel=\$\{.*\}&/);
  const [annotation] = classic.annotations?.list ?? [];
  expect(annotation?.expr).toContain(`"panel", "${PANEL_IDS[alertNamed("QueueDepthSpike").panel]}", "alertname"`);
  const { textFormat = "" } = annotation as { textFormat?: string };
  expect([...textFormat.matchAll(/href="(.*?)">(\w+)</g)].map(([, ...link]) => link)).toEqual([
    ["https://runbooks.example/{{alertname}}.md", "Runbook"],
    [`/d/${DASHBOARD_UID}?viewPanel={{panel}}`, "Panel"],
  ]);
  const [without] = dashboardsFor({ ...BUNDLE, links: {} });
  expect(JSON.stringify(without && classicDashboard(without))).not.toMatch(/https?:|localhost/);
});

test("the overview has every panel that an alert links to, under the id in the link", () => {
  const [overview] = DASHBOARDS;
  if (overview === undefined) throw new Error("there is no dashboard");
  expect(overview.uid).toBe(DASHBOARD_UID);
  const ids = new Map(panelsOf(overview).map(({ key }) => [key, idOf(key)]));
  expect(Object.entries(PANEL_IDS).filter(([key, id]) => ids.get(key) !== id)).toEqual([]);
});

test("every alert has a panel that links to its runbook", () => {
  const named = new Set(DASHBOARDS.flatMap(panelsOf).flatMap(({ runbooks }) => runbooks));
  expect(ALERT_NAMES.filter((name) => !named.has(name))).toEqual([]);
});

test("a panel that several dashboards show is the same in all of them", () => {
  const byKey = Map.groupBy(DASHBOARDS.flatMap(panelsOf), ({ key }) => key);
  for (const [key, same] of byKey) expect(new Set(same).size, key).toBe(1);
});
