import { ALERTS, commandsOf, commandText, FAULTS } from "@mcp-orchestrator/alerts";
import { describe, expect, test } from "vitest";
import { ALWAYS_FIRING, alertsOf } from "../judge/expectation.ts";
import { exceptionFor, RUNBOOK_EXCEPTIONS } from "../runbooks/exceptions.ts";
import { longestRangeMs, remainingCommands } from "../runbooks/plan.ts";
import { looksFarBack, planOf } from "./faultEpisode.ts";
import { plansOf, ROUNDS } from "./faultRounds.ts";
import { SCENARIOS } from "./scenarios.ts";

const plans = SCENARIOS.map(planOf);
const commands = ALERTS.flatMap(({ name, runbook }) =>
  commandsOf(runbook).map((command) => ({ alert: name, command })),
);

describe("the commands of the runbooks", () => {
  test("are run by the drill in one form, or are listed as exceptions", () => {
    const run = new Set(
      [...plans.flatMap(({ diagnosis, mitigation }) => [...diagnosis, ...mitigation]), ...remainingCommands(plans)].map(
        ({ alert, command }) => `${alert} ${command.id}`,
      ),
    );
    const missing = commands.filter(
      ({ alert, command }) => !run.has(`${alert} ${command.id}`) && exceptionFor(command.id) === undefined,
    );
    expect(missing).toEqual([]);
  });

  test("are run under a fault in a round too, or are listed as exceptions", () => {
    const run = new Set(
      ROUNDS.flatMap((faults) => plansOf(faults)).flatMap(({ diagnosis, mitigation, others }) =>
        [...diagnosis, ...mitigation, ...others].map(({ alert, command }) => `${alert} ${command.id}`),
      ),
    );
    const missing = commands.filter(
      ({ alert, command }) => !run.has(`${alert} ${command.id}`) && exceptionFor(command.id, "round") === undefined,
    );
    // Nothing is at fault when it fires.
    expect([...new Set(missing.map(({ alert }) => alert))]).toEqual([ALWAYS_FIRING]);
  });

  test("exist if they are listed as exceptions", () => {
    const ids = new Set(commands.map(({ command }) => command.id));
    expect(RUNBOOK_EXCEPTIONS.flatMap((exception) => exception.ids).filter((id) => !ids.has(id))).toEqual([]);
  });
});

test("an episode whose claims look back further than metrics are remembered needs a fresh stack", () => {
  const claims = (scenario: (typeof SCENARIOS)[number]) =>
    planOf(scenario).diagnosis.filter(({ command }) => command.healthy !== undefined);
  const far = SCENARIOS.filter((scenario) =>
    claims(scenario).some(({ command }) => /\[(?!1m\])\d+[mh]\]/.test(commandText(command, "native"))),
  );
  expect(far.map(({ id }) => id)).toContain("submissions-refused");
  expect(far.filter((scenario) => !looksFarBack(scenario))).toEqual([]);
  expect(SCENARIOS.filter(looksFarBack).map(({ id }) => id)).not.toContain("lag");
});

test("ranges are read in every unit, the longest counts", () => {
  expect(["", "up[90s]", "a[1m] / b[1h30m]", "a[250ms]"].map(longestRangeMs)).toEqual([0, 90_000, 5_400_000, 250]);
});

test("every alert of the runbook has its diagnosis run during one of its faults", () => {
  const diagnosed = new Set(plans.flatMap(({ diagnosis }) => diagnosis.map(({ alert }) => alert)));
  const drilled = new Set(SCENARIOS.flatMap(({ alert, runbooks = [] }) => [alert, ...runbooks]));
  expect([...drilled].filter((alert) => !diagnosed.has(alert))).toEqual([]);
});

test("a fault that its runbook fixes has commands that fix it", () => {
  const fixed = SCENARIOS.filter(({ fixedByRunbook }) => fixedByRunbook);
  expect(fixed.map(planOf).filter(({ mitigation }) => mitigation.length === 0)).toEqual([]);
  expect(fixed.length).toBeGreaterThan(0);
});

test("every fault of the catalogue is drilled", () => {
  const drilled = new Set<string>(SCENARIOS.map(({ fault }) => fault));
  expect(Object.keys(FAULTS).filter((id) => !drilled.has(id))).toEqual(["none"]);
});

test("every alert but the Watchdog reaches its receivers by some fault", () => {
  const notified = new Set(
    SCENARIOS.flatMap(({ expectation }) => alertsOf(expectation).filter((name) => !expectation[name]?.inhibited)),
  );
  expect(ALERTS.map(({ name }) => name).filter((name) => !notified.has(name))).toEqual([ALWAYS_FIRING]);
});
