import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { GrafanaTheme2 } from "@grafana/data";
import type { TestPrometheus } from "@mcp-orchestrator/e2e/testkit/servers/prometheus";
import type { Browser, Locator, Page, Response } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DASHBOARDS, GENERATED_FOLDER, type Preview, startPreview } from "../src/index.ts";
import { panels, targets } from "../src/lint/rule.ts";
import type { Dashboard, Panel } from "../src/preview/web/data/model.ts";
import { startBrowser } from "./support/browser.ts";
import { drawings, recordDrawings } from "./support/drawings.ts";
import {
  type Answer,
  cellsOf,
  createTheme,
  fieldsOf,
  heatOf,
  type Painted,
  painted,
  type Result,
  rgba,
  rowsOf,
  shown,
  withOpacity,
} from "./support/grafanaColors.ts";
import { startRecordedPrometheus } from "./support/prometheus.ts";

/** Every colour in Chromium is that of Grafana's own library, for the generated JSON and the same answers of Prometheus. */

const JSONS = await Promise.all(
  DASHBOARDS.map(async ({ uid }): Promise<Dashboard> => {
    return JSON.parse(await readFile(join(GENERATED_FOLDER, `${uid}.json`), "utf8"));
  }),
);
/** How the preview dashes the lines of thresholds and of annotations. */
const THRESHOLD = "8,6";
const MARK = "2,4";
/** Opacity of a threshold's line and of the area under the course of a tile, in Grafana's panels. */
const THRESHOLD_PERCENT = 70;
const COURSE_PERCENT = 20;

let prometheus: TestPrometheus;
let preview: Preview;
let browser: Browser;
beforeAll(async () => {
  prometheus = (await startRecordedPrometheus()).prometheus;
  preview = await startPreview({ prometheusUrl: prometheus.url, port: 0 });
  browser = await startBrowser();
  // The history is built beside that of other tests.
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await preview?.close();
  await prometheus?.[Symbol.asyncDispose]();
});

describe.each(["dark", "light"] as const)("in the %s theme, Grafana has the colours of", (mode) => {
  const theme = createTheme(mode);
  let page: Page;
  let responses: Response[] = [];
  beforeAll(async () => {
    page = await browser.newPage({ viewport: { width: 1500, height: 1000 }, colorScheme: mode });
    await recordDrawings(page);
    page.on("response", (response) => responses.push(response));
  });
  afterAll(() => page?.close());

  describe.each(JSONS)("$uid", (dashboard) => {
    beforeAll(async () => {
      responses = [];
      await page.goto(`${preview.url}/d/${dashboard.uid}?from=now-2h&to=now&refresh=`);
      await page.locator("#status[data-ok='true']").waitFor();
    });

    test.each(panels(dashboard).map((panel) => [panel.title, panel] as const))("%s", async (_, panel) => {
      const element = page.locator(`.panel[data-panel-id="${panel.id}"]`);
      const answers = await Promise.all(targets(panel).map((target) => answerTo(target, responses)));
      expect(answers.some(({ results }) => results.length > 0)).toBe(true);
      await check(panel, element, theme, answers);
      const sources = (dashboard.annotations.list ?? []).map(({ iconColor }) => named(theme, iconColor));
      const marks = (await strokes(element)).filter(({ dash }) => dash === MARK).map(({ color }) => color);
      expect(new Set(marks)).toEqual(new Set(panel.type === "timeseries" ? sources : []));
    });
  });

  test("every name, and every series of a panel", async () => {
    await page.goto(`${preview.url}/d/${JSONS[0]?.uid}`);
    const propertyOf = (name: string) =>
      page.locator("html").evaluate((html, property) => {
        return html.ownerDocument.defaultView?.getComputedStyle(html).getPropertyValue(property) ?? "";
      }, `--${name}`);
    for (const name of [
      "text",
      ...theme.visualization.hues.flatMap(({ shades }) => shades.map((shade) => shade.name)),
    ]) {
      expect(rgba(await propertyOf(name)), name).toBe(named(theme, name));
    }
    const palette = (await propertyOf("palette")).trim().split(" ");
    expect(palette.map(rgba)).toEqual(theme.visualization.palette.map((name) => named(theme, name)));
  });
});

const named = (theme: GrafanaTheme2, name: string) => rgba(theme.visualization.getColorByName(name));

/** The answer to a query, whose variables the page filled. */
async function answerTo(target: ReturnType<typeof targets>[number], responses: readonly Response[]): Promise<Answer> {
  const { refId = "", legendFormat = "", instant = false, expr } = target;
  const parts = expr.split(/\$\w+/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const query = new RegExp(`^${parts.join('[^"\\]]+')}$`, "s");
  const response = responses.findLast((one) => {
    const { pathname, searchParams } = new URL(one.url());
    return pathname.endsWith(instant ? "/query" : "/query_range") && query.test(searchParams.get("query") ?? "");
  });
  if (response === undefined) throw new Error(`the page did not ask ${expr}`);
  const { data } = (await response.json()) as { data: { result: Result[] } };
  return { refId, legend: legendFormat, instant, results: data.result };
}

/** Compares what a panel shows with what Grafana has. */
function check(panel: Panel, element: Locator, theme: GrafanaTheme2, answers: readonly Answer[]): Promise<void> {
  switch (panel.type) {
    case "timeseries":
      return checkLines(panel, element, theme, answers);
    case "stat":
      return checkTile(panel, element, theme, answers);
    case "state-timeline":
      return checkStates(panel, element, theme, answers);
    case "table":
      return checkCells(panel, element, theme, answers);
    case "heatmap":
      return checkHeat(panel, element, theme, answers);
    default:
      throw new Error(`no check of a ${panel.type}`);
  }
}

async function checkLines(
  panel: Panel,
  element: Locator,
  theme: GrafanaTheme2,
  answers: readonly Answer[],
): Promise<void> {
  const series = fieldsOf(panel, theme, answers).map((field) => ({ ...shown(field, 0), field }));
  const swatches = await element.locator(".legend-item").evaluateAll((items) =>
    items.map((item) => {
      const swatch = item.querySelector(".swatch") ?? item;
      return [
        item.textContent,
        item.ownerDocument.defaultView?.getComputedStyle(swatch).backgroundColor ?? "",
      ] as const;
    }),
  );
  expect(swatches.map(([name, color]) => [name, rgba(color)])).toEqual(
    series
      .filter(({ field }) => !field.config.custom.hideFrom?.legend)
      .map(({ field, color }) => [field.config.displayNameFromDS, rgba(color)]),
  );
  const all = await strokes(element);
  const marks = all.filter(({ dash }) => dash === MARK).length;
  // Each mark has a foot.
  const filled = (await fills(element)).slice(marks);
  const opaque = filled.filter((color) => color.endsWith(" 1.00"));
  // Points, and bars that are too narrow for an edge. Wide bars have edges, as lines have.
  expect(runs(opaque)).toEqual(runs(series.map(({ color }) => rgba(color))));
  const bars = series.some(({ field }) => field.config.custom.drawStyle === "bars");
  if (!bars) {
    const grid = rgba(theme.colors.border?.weak ?? "");
    const lines = all.filter(({ dash, color }) => dash !== THRESHOLD && dash !== MARK && color !== grid);
    expect(runs(lines.map(({ color }) => color))).toEqual(runs(series.map(({ color }) => rgba(color))));
    const tints = series.map(({ color, field }) => withOpacity(color, field.config.custom.fillOpacity));
    const visible = (color: string) => !/ [01]\.00$/.test(color);
    expect(runs(filled.filter(visible))).toEqual(runs(tints.filter(visible)));
  }
  const { thresholds, custom } = panel.fieldConfig?.defaults ?? {};
  const drawn =
    (custom as { thresholdsStyle?: object } | undefined)?.thresholdsStyle === undefined ? [] : thresholds?.steps;
  expect(all.filter(({ dash }) => dash === THRESHOLD).map(({ color }) => color)).toEqual(
    (drawn ?? [])
      .slice(1)
      .map(({ color }) => withOpacity(theme.visualization.getColorByName(color), THRESHOLD_PERCENT)),
  );
}

async function checkTile(
  panel: Panel,
  element: Locator,
  theme: GrafanaTheme2,
  answers: readonly Answer[],
): Promise<void> {
  const [field] = fieldsOf(
    panel,
    theme,
    answers.filter(({ instant }) => instant),
  );
  const value = field?.values[0];
  expect(await paintedOn(element.locator(".stat-value"))).toEqual([painted(theme, field, value)]);
  const { color } = shown(field, value);
  for (const stroke of await strokes(element)) expect(stroke.color).toBe(rgba(color));
  for (const fill of await fills(element)) expect(fill).toBe(withOpacity(color, COURSE_PERCENT));
}

async function checkStates(
  panel: Panel,
  element: Locator,
  theme: GrafanaTheme2,
  answers: readonly Answer[],
): Promise<void> {
  const rows = await element.locator(".timeline-row:has(.timeline-track)").evaluateAll((all) =>
    all.map((row) => ({
      name: row.querySelector(".timeline-name")?.getAttribute("title"),
      states: [...row.querySelectorAll(".timeline-bar")].map((bar) => ({
        text: bar.textContent,
        color: bar.ownerDocument.defaultView?.getComputedStyle(bar).backgroundColor ?? "",
      })),
    })),
  );
  // A gap ends a bar, not a state.
  const merged = rows.map(({ name, states }) => ({
    name,
    states: states
      .filter(({ text }, index) => text !== states[index - 1]?.text)
      .map(({ text, color }) => ({ text, color: rgba(color) })),
  }));
  expect(merged).toEqual(rowsOf(panel, theme, answers));
}

async function checkCells(
  panel: Panel,
  element: Locator,
  theme: GrafanaTheme2,
  answers: readonly Answer[],
): Promise<void> {
  const cells = (list: readonly Painted[]) => list.map((cell) => JSON.stringify(cell)).toSorted();
  expect(cells(await paintedOn(element.locator("td[style]")))).toEqual(cells(await cellsOf(panel, theme, answers)));
}

async function checkHeat(
  panel: Panel,
  element: Locator,
  theme: GrafanaTheme2,
  answers: readonly Answer[],
): Promise<void> {
  expect(await fills(element)).toEqual(heatOf(panel, theme, answers));
}

function paintedOn(elements: Locator): Promise<Painted[]> {
  return elements
    .evaluateAll((all) =>
      all.map((element) => {
        const style = element.ownerDocument.defaultView?.getComputedStyle(element);
        return { text: element.textContent ?? "", color: style?.color ?? "", edge: style?.borderLeftColor ?? "" };
      }),
    )
    .then((all) => all.map(({ text, color, edge }) => ({ text, color: rgba(color), edge: rgba(edge) })));
}

async function strokes(element: Locator): Promise<{ color: string; dash: string }[]> {
  const drawn = await drawings(element);
  return drawn.filter(({ kind }) => kind === "stroke").map(({ style, dash }) => ({ color: rgba(style), dash }));
}

async function fills(element: Locator): Promise<string[]> {
  return (await drawings(element)).filter(({ kind }) => kind === "fill").map(({ style }) => rgba(style));
}

/** A list without what repeats the one before: a line has points and an area of its colour. */
function runs(list: readonly string[]): string[] {
  return list.filter((item, index) => item !== list[index - 1]);
}
