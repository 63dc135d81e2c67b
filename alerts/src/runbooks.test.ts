import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { ALERTS } from "./catalogue/index.ts";
import { commandsOf, commandText, DEPLOYMENTS, firstCommandsOf, outputShows } from "./catalogue/runbook.ts";
import { CORRECTIONS_FILE, GENERATED_FOLDER } from "./files.ts";
import { PREAMBLES } from "./preambles.ts";
import { annotationsOf } from "./render/annotations.ts";
import { renderCorrections } from "./render/corrections.ts";
import { renderRunbooks } from "./render/runbooks.ts";

const runbooks = renderRunbooks();
const textOf = (name: string) => runbooks.get(`${name}.md`) ?? "";

test("every alert has a runbook, every runbook an alert, and the annotation leads to it", () => {
  expect([...runbooks.keys()].sort()).toEqual(
    ["README.md", "commands.json", ...ALERTS.map(({ name }) => `${name}.md`)].sort(),
  );
  for (const alert of ALERTS) {
    expect(annotationsOf(alert).runbook_url).toMatch(new RegExp(`/${alert.name}\\.md$`));
    expect(textOf("README")).toContain(`(${alert.name}.md)`);
  }
});

test("every link of the runbooks and of the page of corrections leads to a file", () => {
  const pages = [...runbooks].map(([name, text]) => ({ file: join(GENERATED_FOLDER, "runbooks", name), text }));
  const dead = [...pages, { file: CORRECTIONS_FILE, text: renderCorrections() }].flatMap(({ file, text }) =>
    [...text.matchAll(/\]\(([^)#]+)\)/g)]
      .map((match) => join(dirname(file), match[1] ?? ""))
      .filter((target) => !existsSync(target)),
  );
  expect(dead).toEqual([]);
});

describe.each(ALERTS.map((alert) => ({ alert, name: alert.name })))("the runbook of $name", ({ alert }) => {
  test("says all that an engineer needs", () => {
    const { meaning, impact, symptoms, diagnosis, mitigation, escalation, prevention, related } = alert.runbook;
    for (const text of [meaning, impact, escalation]) expect(text.length).toBeGreaterThan(20);
    for (const list of [symptoms, diagnosis, mitigation, prevention, related]) expect(list).not.toEqual([]);
    expect(ALERTS.map(({ name }) => name as string)).toEqual(expect.arrayContaining([...related]));
    expect(commandsOf(alert.runbook).some((command) => command.firing ?? command.healthy)).toBe(true);
  });

  test("names each command once", () => {
    const ids = [...new Map(commandsOf(alert.runbook).map((command) => [command.id, command.run])).keys()];
    const distinct = new Set(commandsOf(alert.runbook).map((command) => JSON.stringify(command)));
    expect(distinct.size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-z][a-z0-9-]*$/);
  });

  test.each(DEPLOYMENTS)("shows the commands and the preamble of %s and of no other", (deployment) => {
    const page = renderRunbooks(ALERTS, deployment).get(`${alert.name}.md`) ?? "";
    const [preamble, ...commands] = [...page.matchAll(/^```bash\n([\s\S]*?)\n```$/gm)].map((match) => match[1] ?? "");
    expect(preamble?.startsWith(PREAMBLES[deployment])).toBe(true);
    expect(commands).toEqual(
      [...firstCommandsOf(alert.runbook), ...commandsOf(alert.runbook)].map((command) =>
        commandText(command, deployment),
      ),
    );
  });

  test("gives a machine the commands of every deployment and what they must show", () => {
    const { preambles, runbooks: read } = JSON.parse(runbooks.get("commands.json") ?? "{}");
    expect(preambles).toEqual(PREAMBLES);
    for (const command of commandsOf(alert.runbook)) {
      const run = Object.fromEntries(DEPLOYMENTS.map((deployment) => [deployment, commandText(command, deployment)]));
      expect(read[alert.name]).toContainEqual({ ...command, run });
    }
  });

  test("begins with three commands at most", () => {
    expect(firstCommandsOf(alert.runbook).length).toBeLessThanOrEqual(3);
  });

  test("has the command that switches off whatever a command of it switches on", () => {
    const ids = commandsOf(alert.runbook).map(({ id }) => id);
    for (const [on, off] of [
      ["rate-limit", "rate-limit-off"],
      ["bypass", "bypass-off"],
      ["scale-up", "scale-back"],
    ] as const) {
      if (ids.includes(on)) expect(ids).toContain(off);
    }
  });

  test("keeps what it grants, sets no absolute number of workers and reads no whole key of a Redis in trouble", () => {
    for (const command of commandsOf(alert.runbook)) {
      const text = commandText(command, "compose");
      if (text.includes("ACL SETUSER")) expect(text).toContain("ACL SAVE");
      expect(text).not.toMatch(/"count": \d+.*workers|workers\/scale.*"count": \d|memkeys-samples 0/);
    }
  });

  test("says what the catalogue says about threshold and duration", () => {
    if (alert.facts.for !== "0s") expect(alert.runbook.meaning).toContain(alert.facts.for);
    if (alert.threshold.fixed !== true && alert.threshold.value > 0) {
      expect(alert.runbook.meaning).toContain(alert.facts.threshold);
    }
  });
});

test("an output is held against a number, a text or nothing", () => {
  expect(outputShows("612\n", { numberAbove: 500 })).toBe(true);
  expect(outputShows("500\n", { numberAbove: 500 })).toBe(false);
  expect(outputShows("", { numberAbove: 500 })).toBe(false);
  expect(outputShows("0.07 {}", { numberBelow: 0.1 })).toBe(true);
  expect(outputShows("a\nPONG\n", { matches: "^PONG$" })).toBe(true);
  expect(outputShows(" \n", { nothing: true })).toBe(true);
  expect(outputShows("x", { nothing: true })).toBe(false);
});

test.each(DEPLOYMENTS)("the preamble and every command of %s is a shell text that bash can read", (deployment) => {
  const texts = ALERTS.flatMap(({ runbook }) => commandsOf(runbook).map((command) => commandText(command, deployment)));
  const { status, stderr } = spawnSync("bash", ["-n"], { input: [PREAMBLES[deployment], ...texts].join("\n") });
  expect(stderr.toString()).toBe("");
  expect(status).toBe(0);
});
