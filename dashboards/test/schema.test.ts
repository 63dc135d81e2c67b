import { execFile } from "node:child_process";
import { mkdtempDisposable, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Dashboard as ResourceDashboard } from "@grafana/grafana-foundation-sdk/dashboardv2";
import { beforeAll, describe, expect, test } from "vitest";
import { DASHBOARDS } from "../src/index.ts";
import { panels } from "../src/lint/rule.ts";
import { classicDashboard } from "../src/render/classic.ts";
import { dashboardResource } from "../src/render/resource.ts";

/** Grafana's published types and registries are the oracle: every option of every panel has a value that Grafana knows. */

const { fieldReducers, getValueFormats, standardTransformers } = createRequire(import.meta.url)(
  "@grafana/data",
) as typeof import("@grafana/data");

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TYPES = fileURLToPath(new URL("support/grafanaSchema.ts", import.meta.url));

/** A dashboard as JSON, and the name of its type. */
type Typed = { readonly type: "ClassicDashboard" | "DashboardV2"; readonly json: string };

const CLASSIC = DASHBOARDS.map((spec) => classicDashboard(spec));
const V2 = DASHBOARDS.map((spec) => dashboardResource(spec).spec as ResourceDashboard);
const ALL: readonly Typed[] = [
  ...CLASSIC.map((dashboard): Typed => ({ type: "ClassicDashboard", json: JSON.stringify(dashboard) })),
  ...V2.map((dashboard): Typed => ({ type: "DashboardV2", json: JSON.stringify(dashboard) })),
];
/** Dashboards of one panel. */
const CLASSIC_PANELS = CLASSIC.flatMap((dashboard) =>
  panels(dashboard).map((panel) => ({ ...dashboard, panels: [panel] })),
);
const V2_PANELS = V2.flatMap((dashboard) =>
  Object.values(dashboard.elements).map((element) => ({ ...dashboard, elements: { element } })),
);

/** What each setting is, and a value that Grafana does not know. */
const MISTAKES: readonly (readonly [setting: string, right: string, wrong: string])[] = [
  ["mode of thresholds", '"mode":"absolute"', '"mode":"value"'],
  ["style of thresholds", '"mode":"dashed"', '"mode":"dotted"'],
  ["colour scheme of a field", '"color":{"mode":"fixed"', '"color":{"mode":"fix"'],
  ["colour of a series", '"value":{"mode":"fixed"', '"value":{"mode":"single"'],
  ["words for no value", '"match":"null+nan"', '"match":"null+NaN"'],
  ["words for a value", '{"type":"value"', '{"type":"values"'],
  ["colour of a tile", '"colorMode":"value"', '"colorMode":"text"'],
  ["course of a tile", '"graphMode":"area"', '"graphMode":"curve"'],
  ["text of a tile", '"textMode":"value"', '"textMode":"number"'],
  ["reduction of a tile", '"calcs":["last"]', '"calcs":"last"'],
  ["legend", '"displayMode":"list"', '"displayMode":"rows"'],
  ["place of the legend", '"placement":"bottom"', '"placement":"below"'],
  ["tooltip", '"mode":"multi"', '"mode":"all"'],
  ["order in the tooltip", '"sort":"desc"', '"sort":"down"'],
  ["stacking", '"mode":"normal"', '"mode":"stacked"'],
  ["points", '"showPoints":"auto"', '"showPoints":"isolated"'],
  ["bars", '"drawStyle":"bars"', '"drawStyle":"bar"'],
  ["thin line", '"custom.lineWidth"', '"custom.width"'],
  ["merged states", '"mergeValues":true', '"mergeStates":true'],
  ["height of a row", '"rowHeight":0.8', '"rowHeight":"80%"'],
  ["words in a timeline", '"showValue":"always"', '"showValue":"yes"'],
  ["scale of a heat map", '"scale":"exponential"', '"scale":"log"'],
  ["height of a cell", '"cellHeight":"sm"', '"cellHeight":"small"'],
  ["colour of a cell", '"type":"color-text"', '"type":"colored"'],
  ["query of an override", '"byFrameRefID"', '"byQuery"'],
];

/** A dashboard with a mistake, reduced to the panel that has it. */
function withMistake(type: Typed["type"], right: string, wrong: string): Typed {
  const candidates = type === "ClassicDashboard" ? CLASSIC_PANELS : V2_PANELS;
  const json = candidates.map((dashboard) => JSON.stringify(dashboard)).find((one) => one.includes(right));
  if (json === undefined) throw new Error(`no ${type} has ${right}`);
  return { type, json: json.replace(right, wrong) };
}

/**
 * Compiles dashboards as literals of Grafana's types.
 *
 * @returns the errors of each
 */
async function compile(dashboards: readonly Typed[]): Promise<string[][]> {
  await using folder = await mkdtempDisposable(join(tmpdir(), "grafana-schema-"));
  await symlink(join(ROOT, "node_modules"), join(folder.path, "node_modules"));
  const names = dashboards.map((_, index) => `dashboard${index}.mts`);
  for (const [index, { type, json }] of dashboards.entries()) {
    const lines = [`import type { ${type} } from ${JSON.stringify(TYPES)};`, `export const it: ${type} = ${json};`];
    await writeFile(join(folder.path, names[index] ?? ""), lines.join("\n"));
  }
  const compilerOptions = { incremental: false, tsBuildInfoFile: null, types: [] };
  const config = { extends: join(ROOT, "tsconfig.json"), compilerOptions, include: names, exclude: [] };
  await writeFile(join(folder.path, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(ROOT, "node_modules", ".bin", "tsc");
  const output = await promisify(execFile)(tsc, ["-p", folder.path, "--pretty", "false"]).then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout,
  );
  const errors = output.split("\n").filter((line) => line.includes("error TS"));
  const inDashboards = names.map((name) => errors.filter((line) => line.includes(`${name}(`)));
  expect(inDashboards.flat().length, errors.join("\n")).toBe(errors.length);
  return inDashboards;
}

test("every dashboard has Grafana's types, in both models", async () => {
  expect(await compile(ALL)).toEqual(ALL.map(() => []));
});

describe.each(["ClassicDashboard", "DashboardV2"] as const)("in a %s", (type) => {
  let errors: string[][];
  beforeAll(async () => {
    errors = await compile(MISTAKES.map(([, right, wrong]) => withMistake(type, right, wrong)));
  });
  test.each(MISTAKES.map(([setting], index) => [setting, index] as const))("a wrong %s is reported", (_, index) => {
    expect(errors[index]?.join()).toContain("error TS");
  });
});

describe("Grafana knows every", () => {
  const properties = CLASSIC.flatMap(panels).flatMap(({ fieldConfig }) => [
    ...Object.entries(fieldConfig?.defaults ?? {}).map(([id, value]) => ({ id, value: value as unknown })),
    ...(fieldConfig?.overrides.flatMap((override) => override.properties) ?? []),
  ]);

  test("unit", () => {
    const known = getValueFormats().flatMap((category) => category.submenu?.map(({ value }) => value));
    const used = new Set(properties.filter(({ id }) => id === "unit").map(({ value }) => value));
    expect([...used].filter((unit) => !known.includes(String(unit)))).toEqual([]);
    expect(used.size).toBeGreaterThan(3);
  });

  test("reducer", () => {
    const options = CLASSIC.flatMap(panels).map((panel) => panel.options as { reduceOptions?: { calcs: string[] } });
    const used = new Set(options.flatMap(({ reduceOptions }) => reduceOptions?.calcs ?? []));
    expect([...used].filter((id) => fieldReducers.getIfExists(id) === undefined)).toEqual([]);
    expect(used.size).toBeGreaterThan(0);
  });

  test("transformation", () => {
    const known = Object.values(standardTransformers).map(({ id }) => id);
    const used = new Set(
      CLASSIC.flatMap(panels).flatMap(({ transformations = [] }) => transformations.map(({ id }) => id)),
    );
    expect([...used].filter((id) => !known.some((one) => one === id))).toEqual([]);
    expect(used.size).toBeGreaterThan(1);
  });
});
