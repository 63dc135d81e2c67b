import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ALERTS, FAULTS } from "@mcp-orchestrator/alerts";
import { expect, test } from "vitest";
import { CAMPAIGN_FAULTS } from "../campaign/faults.ts";
import { readMeasured } from "../campaign/measured.ts";
import { episodeIds } from "../episodes/episodes.ts";
import { SCENARIOS } from "../episodes/scenarios.ts";
import { ALWAYS_FIRING, alertsOf } from "../judge/expectation.ts";
import { profileOf } from "../judge/prediction.ts";
import { recordings } from "../recordings/recording.ts";
import type { Proof } from "./cell.ts";
import { CAMPAIGN_MODES, MATRIX } from "./matrix.ts";
import { renderFailureModes } from "./page.ts";

const ROOT = join(import.meta.dirname, "../../..");
const cells = Object.values(MATRIX).flat();
const proofs: readonly Proof[] = cells.flatMap((cell) => [...cell.proofs]);
const drilled = new Set(proofs.flatMap((proof) => ("drilled" in proof ? proof.drilled : [])));
const scenarios = SCENARIOS.filter(({ id }) => ([...drilled] as string[]).includes(id));

test("the page is generated from the matrix", () => {
  expect(readFileSync(join(ROOT, "docs/reference/failure-modes.md"), "utf8")).toBe(renderFailureModes());
});

test("there are enough cells, and none twice", () => {
  expect(cells.length).toBeGreaterThanOrEqual(60);
  const whole = Object.entries(MATRIX).flatMap(([component, all]) => all.map(({ what }) => `${component}: ${what}`));
  expect(new Set(whole).size).toBe(cells.length);
});

test("every episode of the drill and every fault is in a cell", () => {
  expect([...drilled].sort()).toEqual(episodeIds(profileOf(60)).sort());
  const injected = new Set<string>(scenarios.map(({ fault }) => fault));
  expect(Object.keys(FAULTS).filter((id) => id !== "none" && !injected.has(id))).toEqual([]);
});

test("every alert is what some failure mode fires", () => {
  const fired = new Set<string>(scenarios.flatMap(({ expectation }) => alertsOf(expectation)));
  expect(ALERTS.map(({ name }) => name as string).filter((name) => name !== ALWAYS_FIRING && !fired.has(name))).toEqual(
    [],
  );
});

test("every drilled fault was measured, except those that spend a budget, which only a drill can time", () => {
  const measured = recordings().filter(({ firesAfterSeconds = 0 }) => firesAfterSeconds > 0);
  const timed = scenarios.filter(({ budgets }) => budgets === undefined);
  expect(measured.map(({ id }) => id).sort()).toEqual(timed.map(({ id }) => id as string).sort());
});

test("faults of the campaign are known, in the matrix and in what was measured", () => {
  expect([...CAMPAIGN_MODES, ...Object.keys(readMeasured())].filter((fault) => !CAMPAIGN_FAULTS.has(fault))).toEqual(
    [],
  );
});

test("samples and tests that cells name exist", () => {
  for (const proof of proofs) {
    if ("test" in proof) expect(existsSync(join(ROOT, proof.test)), proof.test).toBe(true);
    if (!("samples" in proof)) continue;
    for (const [alert, name] of Object.entries(proof.samples)) {
      const names = ALERTS.find((one) => one.name === alert)?.samples.cases.map((one) => one.name);
      expect(names, alert).toContain(name);
    }
  }
});
