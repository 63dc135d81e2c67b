import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { DEMO_FAULTS, DEMO_PROFILE } from "./faults.ts";
import { choiceOf, renderScreen } from "./screen.ts";

const addresses = {
  dashboards: "http://127.0.0.1:3001",
  inbox: "http://127.0.0.1:8090",
  prometheus: "http://127.0.0.1:9090",
  alertmanager: "http://127.0.0.1:9093",
  service: "http://127.0.0.1:8000",
};
const menu = stripVTControlCharacters(
  renderScreen({ addresses, profile: DEMO_PROFILE, alerts: [], fault: undefined, doing: "", events: [] }),
);

test.each(DEMO_FAULTS.map((fault) => [fault.id, fault] as const))(
  "%s has a key of its own in the menu",
  (id, fault) => {
    const [, key = ""] = new RegExp(`(?:^| )(\\w) ${id}(?: |$)`, "m").exec(menu) ?? [];
    expect(choiceOf(key)).toBe(fault);
  },
);

test("the screen says why the dashboards have gaps at error budgets", () => {
  expect(menu).toMatch(/error budgets are not loaded/);
});

test("no line of the menu is longer than a terminal of 80 columns", () => {
  expect(menu.split("\n").filter((line) => line.trimEnd().length > 80)).toEqual([]);
});
