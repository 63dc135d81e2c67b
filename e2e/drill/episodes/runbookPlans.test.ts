import { ALERTS, commandsOf, FAULT_IDS } from "@mcp-orchestrator/alerts";
import { describe, expect, test } from "vitest";
import { ALWAYS_FIRING, alertsOf } from "../judge/expectation.ts";
import { exceptionFor, RUNBOOK_EXCEPTIONS } from "../runbooks/exceptions.ts";
import { remainingCommands } from "../runbooks/plan.ts";
import { planOf } from "./faultEpisode.ts";
import { SCENARIOS } from "./scenarios.ts";

const plans = SCENARIOS.map(planOf);
const commands = ALERTS.flatMap(({ name, runbook }) =>
  commandsOf(runbook).map((command) => ({ alert: name, command })),
);

describe("the commands of the runbooks", () => {
  test("are run by the drill in one form, or stand in the list of exceptions", () => {
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

  test("have no exception that none of them needs", () => {
    const ids = new Set(commands.map(({ command }) => command.id));
    expect(RUNBOOK_EXCEPTIONS.flatMap((exception) => exception.ids).filter((id) => !ids.has(id))).toEqual([]);
  });
});

test("every alert of the runbook has its diagnosis run while one of its faults is on", () => {
  const diagnosed = new Set(plans.flatMap(({ diagnosis }) => diagnosis.map(({ alert }) => alert)));
  const drilled = new Set(SCENARIOS.flatMap(({ alert, runbooks = [] }) => [alert, ...runbooks]));
  expect([...drilled].filter((alert) => !diagnosed.has(alert))).toEqual([]);
});

test("a fault that its runbook fixes has commands against it", () => {
  const fixed = SCENARIOS.filter(({ fixedByRunbook }) => fixedByRunbook);
  expect(fixed.map(planOf).filter(({ mitigation }) => mitigation.length === 0)).toEqual([]);
  expect(fixed.length).toBeGreaterThan(0);
});

test("every fault of the catalogue is drilled", () => {
  const drilled = new Set<string>(SCENARIOS.map(({ fault }) => fault.id));
  expect(FAULT_IDS.filter((id) => !drilled.has(id))).toEqual(["none"]);
});

test("every alert but the one that always fires reaches its receivers by some fault", () => {
  const notified = new Set(
    SCENARIOS.flatMap(({ expectation }) => alertsOf(expectation).filter((name) => !expectation[name]?.inhibited)),
  );
  expect(ALERTS.map(({ name }) => name).filter((name) => !notified.has(name))).toEqual([ALWAYS_FIRING]);
});
