import { createRequire } from "node:module";
import type { DataFrame } from "@grafana/data";
import fc from "fast-check";
import { firstValueFrom, of } from "rxjs";
import { describe, expect, test } from "vitest";
import { DASHBOARDS } from "../dashboards/index.ts";
import { panels, targets } from "../lint/rule.ts";
import { classicDashboard } from "../render/classic.ts";
import { toTable } from "./web/data/frames.ts";
import type { Panel } from "./web/data/model.ts";
import { display, fieldOf } from "./web/field/fieldConfig.ts";
import { formatValue } from "./web/field/units.ts";

/** Grafana's own library is the oracle: the preview shows what Grafana shows. `test/colors.test.ts` has its colours. */

// Its build for `import` uses named exports of a CommonJS module, which Node does not find.
const {
  applyFieldOverrides,
  colorManipulator,
  createTheme,
  FieldType,
  formattedValueToString,
  getFieldDisplayValues,
  getValueFormat,
  standardFieldConfigEditorRegistry,
  standardTransformers,
  toDataFrame,
} = createRequire(import.meta.url)("@grafana/data") as typeof import("@grafana/data");

const theme = createTheme({ colors: { mode: "dark" } });
const hex = (color: string) => colorManipulator.asHexString(theme.visualization.getColorByName(color));
const asIs = (text: string) => text;
const PROPERTIES = [
  "unit",
  "decimals",
  "min",
  "max",
  "noValue",
  "mappings",
  "thresholds",
  "links",
  "displayName",
  "color",
];
standardFieldConfigEditorRegistry.setInit(() =>
  PROPERTIES.map((id) => ({
    ...{ id, path: id, name: id, settings: {} },
    ...{ editor: () => null, override: () => null, process: (value: unknown) => value, shouldApply: () => true },
  })),
);

const ALL = [
  ...new Map(DASHBOARDS.flatMap((spec) => panels(classicDashboard(spec))).map((panel) => [panel.id, panel])).values(),
];
const ofType = (type: string) =>
  ALL.filter((panel) => panel.type === type).map((panel) => [panel.title, panel] as const);
const units = [...new Set(ALL.flatMap((panel) => [panel.fieldConfig?.defaults.unit ?? "", ...overriddenUnits(panel)]))];

function overriddenUnits({ fieldConfig }: Panel): string[] {
  const properties = fieldConfig?.overrides.flatMap((override) => override.properties) ?? [];
  return properties.filter(({ id }) => id === "unit").map(({ value }) => String(value));
}

/** Values around every limit at which the text or the colour of a field changes. */
function tellingValues(panel: Panel, name?: string): number[] {
  const limits = fieldOf(panel, name).thresholds?.steps.flatMap(({ value }) => value ?? []) ?? [];
  const around = limits.flatMap((limit) => [limit, limit * 0.995, limit * 1.005, limit - 1e-9]);
  return [...around, -1, 0, 1, 2, 0.0496, 0.0755, 0.995, 0.9996, 12.345, 1234, 98_765_432, Number.NaN];
}

describe("numbers", () => {
  /** From nanoseconds to terabytes, of either sign. */
  const sized = fc
    .tuple(fc.double({ noNaN: true, min: 1, max: 10 }), fc.integer({ min: -9, max: 13 }), fc.constantFrom(1, -1))
    .map(([digits, exponent, sign]) => sign * digits * 10 ** exponent);
  const value = fc.oneof(sized, fc.integer(), fc.double({ noNaN: true, min: 0.5, max: 1 }));
  const decimals = fc.constantFrom(undefined, 0, 1, 2);
  test.each(units)("in %s have the same text", (unit) => {
    fc.assert(
      fc.property(value, decimals, (number, places) => {
        expect(formatValue(number, unit, places)).toBe(formattedValueToString(getValueFormat(unit)(number, places)));
      }),
      { numRuns: 500 },
    );
  });
});

/** One field through Grafana's overrides. */
function shownByGrafana(panel: Panel, name: string, values: readonly unknown[]): { text: string; color: string }[] {
  const type = typeof values[0] === "string" ? FieldType.string : FieldType.number;
  const frame = toDataFrame({ fields: [{ name, type, values: [...values] }] });
  const [shown] = applyFieldOverrides({ ...OPTIONS, data: [frame], fieldConfig: grafanaConfig(panel) });
  return values.map((one) => {
    const displayed = shown?.fields[0]?.display?.(one);
    if (displayed === undefined) throw new Error(`${name} has no display`);
    return { text: formattedValueToString(displayed), color: hex(displayed.color ?? "") };
  });
}

const OPTIONS = { theme, replaceVariables: asIs, timeZone: "utc" };

function grafanaConfig(panel: Panel): Parameters<typeof applyFieldOverrides>[0]["fieldConfig"] & object {
  // The classic model and Grafana's types describe the same JSON.
  return structuredClone(panel.fieldConfig) as unknown as Parameters<typeof applyFieldOverrides>[0]["fieldConfig"] &
    object;
}

function shownByPreview(
  panel: Panel,
  name: string,
  values: readonly (number | string)[],
): { text: string; color: string }[] {
  return values.map((value) => {
    const { text, color } = display(fieldOf(panel, name), value);
    return { text, color: hex(color ?? "") };
  });
}

describe("words and colours of", () => {
  test.each([...ofType("stat"), ...ofType("state-timeline")])("%s are the same", (title, panel) => {
    const values = tellingValues(panel);
    expect(shownByPreview(panel, title ?? "", values)).toEqual(shownByGrafana(panel, title ?? "", values));
  });

  test.each([...ofType("timeseries"), ...ofType("heatmap")])("the series of %s are the same", (title, panel) => {
    const values = tellingValues(panel).filter((value) => !Number.isNaN(value));
    const own = panel.fieldConfig?.overrides.flatMap(({ matcher }) =>
      matcher.id === "byName" ? [String(matcher.options)] : [],
    );
    for (const name of [title ?? "", ...(own ?? [])]) {
      const { color } = fieldOf(panel, name);
      const shown = shownByPreview(panel, name, values).map(({ text }) => ({
        text,
        // A series without a colour of its own has one of the palette.
        ...(color?.fixedColor === undefined ? {} : { color: hex(color.fixedColor) }),
      }));
      expect(shownByGrafana(panel, name, values)).toMatchObject(shown);
    }
  });

  test.each(ofType("table"))("every column of %s are the same", (_, panel) => {
    for (const { matcher, properties } of panel.fieldConfig?.overrides ?? []) {
      const mappings = properties.find(({ id }) => id === "mappings")?.value as { options: object }[] | undefined;
      const words = mappings?.flatMap(({ options }) => Object.keys(options));
      const name = String(matcher.options);
      const values = words ?? tellingValues(panel, name).filter((value) => !Number.isNaN(value));
      expect(shownByPreview(panel, name, values)).toEqual(shownByGrafana(panel, name, values));
    }
  });
});

describe("a tile", () => {
  /** Grafana's text for a course and the value now. */
  async function tile(panel: Panel, course: readonly number[], now: number | undefined) {
    const field = (values: readonly number[]) => ({
      name: "Value",
      type: FieldType.number,
      values: [...values],
      config: { displayNameFromDS: panel.title ?? "" },
    });
    const time = (values: readonly number[]) => ({ name: "Time", type: FieldType.time, values: [...values] });
    const frames: DataFrame[] = targets(panel).map(({ instant }) =>
      toDataFrame({
        fields: instant
          ? now === undefined
            ? []
            : [time([1e6]), field([now])]
          : [time(course.map((_, index) => index * 15_000)), field(course)],
      }),
    );
    const merge = (panel.transformations ?? []).some(({ id }) => id === "merge");
    const data = merge
      ? await firstValueFrom(of(frames).pipe(standardTransformers.mergeTransformer.operator({}, { interpolate: asIs })))
      : frames;
    const fieldConfig = grafanaConfig(panel);
    const values = getFieldDisplayValues({
      ...OPTIONS,
      data: applyFieldOverrides({ ...OPTIONS, data, fieldConfig }),
      fieldConfig,
      reduceOptions: (panel.options as { reduceOptions: { calcs: string[] } }).reduceOptions,
      sparkline: true,
    });
    return values.map((one) => ({ text: formattedValueToString(one.display), color: hex(one.display.color ?? "") }));
  }

  test.each(ofType("stat"))("%s shows the value now, not an earlier one", async (title, panel) => {
    for (const now of tellingValues(panel)) {
      expect(await tile(panel, [0.1, 0.2, 1], now)).toEqual(shownByPreview(panel, title ?? "", [now]));
    }
  });

  test.each(ofType("stat"))("%s says clearly that there is no value", async (_, panel) => {
    const loud = [{ text: "no data", color: hex("purple") }];
    expect(await tile(panel, [1, 1, 1], Number.NaN)).toEqual(loud);
    expect(await tile(panel, [], undefined)).toEqual(loud);
  });

  test("99.5 % of the workers is neither green nor 100 %", async () => {
    const panel = ALL.find(({ title }) => title === "Workers active");
    if (panel === undefined) throw new Error("there is no such tile");
    expect(await tile(panel, [1], 0.995)).toEqual([{ text: "99.5%", color: hex("orange") }]);
  });
});

test.each(ofType("table"))("the rows and columns of %s are the same", async (_, panel) => {
  const labels = labelsOf(panel);
  const answers = targets(panel).map((_target, query) =>
    // One row that every query has, and one for each query.
    [0, query + 1].map((row) => ({
      labels: Object.fromEntries(labels.map((label) => [label, `${label} ${row}`])),
      value: 10 * query + row,
    })),
  );
  const frames = targets(panel).map(({ refId = "" }, query) => {
    const rows = answers[query] ?? [];
    const name = targets(panel).length === 1 ? "Value" : `Value #${refId}`;
    return toDataFrame({
      refId,
      fields: [
        { name: "Time", type: FieldType.time, values: rows.map(() => 1e6) },
        ...labels.map((label) => ({
          name: label,
          type: FieldType.string,
          values: rows.map((row) => row.labels[label]),
        })),
        { name, type: FieldType.number, values: rows.map(({ value }) => value) },
      ],
    });
  });
  const { mergeTransformer, organizeFieldsTransformer } = standardTransformers;
  const options = panel.transformations?.find(({ id }) => id === "organize")?.options;
  const context = { interpolate: asIs };
  const [merged] = await firstValueFrom(
    of(frames).pipe(mergeTransformer.operator({}, context), organizeFieldsTransformer.operator(options, context)),
  );
  const fields = merged?.fields ?? [];
  const expected = Array.from({ length: merged?.length ?? 0 }, (_row, index) =>
    Object.fromEntries(fields.map((field) => [field.config.displayName ?? field.name, field.values[index] ?? ""])),
  );
  const shown = toTable(panel, answers);
  expect(shown.columns).toEqual(fields.map((field) => field.config.displayName ?? field.name));
  expect(shown.rows).toHaveLength(expected.length);
  expect(shown.rows).toEqual(expect.arrayContaining(expected));
});

/** The labels of a table's rows, from its transformation. */
function labelsOf(panel: Panel): string[] {
  const organize = panel.transformations?.find(({ id }) => id === "organize")?.options as {
    renameByName: Record<string, string>;
  };
  return Object.keys(organize.renameByName).filter((name) => !name.startsWith("Value"));
}
