import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { BUNDLE } from "./bundle/index.ts";
import { ALERTS } from "./catalogue/index.ts";
import { commandsOf, commandText, DEPLOYMENTS, outputShows, type Shows } from "./catalogue/runbooks/runbook.ts";
import { CORRECTIONS_FILE, GENERATED_FOLDER } from "./files.ts";
import { PREAMBLES, QUEUE_OF_LABELS } from "./preambles.ts";
import { annotationsOf } from "./render/annotations.ts";
import { renderCorrections } from "./render/corrections.ts";
import { renderRunbook, renderRunbooks } from "./render/runbooks.ts";

const runbooks = renderRunbooks();
const textOf = (name: string) => runbooks.get(`${name}.md`) ?? "";

test("every alert has a runbook, every runbook an alert, and the annotation leads to it", () => {
  expect([...runbooks.keys()].sort()).toEqual(
    ["README.md", "commands.json", ...ALERTS.map(({ name }) => `${name}.md`)].sort(),
  );
  for (const alert of ALERTS) {
    const annotations = annotationsOf(alert, { ...BUNDLE, links: { runbooks: "https://runbooks.example" } });
    expect(annotations.runbook_url).toBe(`https://runbooks.example/${alert.name}.md`);
    expect(textOf("README")).toContain(`(${alert.name}.md)`);
  }
});

const { emergencyContacts } = BUNDLE;

test("the index names the configured contacts, and no others", () => {
  const [, section = ""] = textOf("README").split(/^## (?:Contacts|Terms)$/m);
  expect(section.match(/^- .*$/gm) ?? []).toEqual(
    emergencyContacts.map(({ role, contact }) => `- ${role}: ${contact}`),
  );
});

test("every link of the runbooks and of the page of corrections leads to a file", () => {
  const pages = [...runbooks].map(([name, text]) => ({ file: join(GENERATED_FOLDER, "runbooks", name), text }));
  const dead = [...pages, { file: CORRECTIONS_FILE, text: renderCorrections() }].flatMap(({ file, text }) =>
    [...text.matchAll(/\]\(([^)#]+)\)/g)]
      .filter(([, target = ""]) => !/^https?:/.test(target))
      .map((match) => join(dirname(file), match[1] ?? ""))
      .filter((target) => !existsSync(target)),
  );
  expect(dead).toEqual([]);
});

describe.each(ALERTS.map((alert) => ({ alert, name: alert.name })))("the runbook of $name", ({ alert }) => {
  test("has every section", () => {
    const { meaning, impact, first, diagnosis, mitigation, escalation, prevention, related } = alert.runbook;
    for (const text of [meaning, impact, escalation]) expect(text.length).toBeGreaterThan(20);
    for (const list of [first, diagnosis, mitigation, prevention, related]) expect(list).not.toEqual([]);
    expect(ALERTS.map(({ name }) => name as string)).toEqual(expect.arrayContaining([...related]));
    expect(commandsOf(alert.runbook).some((command) => command.firing ?? command.healthy)).toBe(true);
  });

  test("links to the configured pages, and names the contacts", () => {
    const page = textOf(alert.name);
    const { links } = BUNDLE;
    const urls = [links.prometheus && "/alerts", links.service && "/metrics", links.service && "/healthz"];
    for (const path of urls.filter((url) => url !== undefined)) expect(page).toContain(`${path})`);
    if (links.dashboards !== undefined) expect(page).toMatch(/\[Dashboard\]\(\S+\?viewPanel=\d+\)/);
    expect(page).not.toContain("undefined");
    for (const { role, contact } of emergencyContacts) expect(page).toContain(`${role}: ${contact}`);
    expect(renderRunbook(alert, "kubernetes")).not.toContain("[Dashboard](http://localhost");
  });

  test("begins with three commands at most", () => {
    expect(alert.runbook.first.length).toBeLessThanOrEqual(3);
  });

  test("names each command once", () => {
    const ids = commandsOf(alert.runbook).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-z][a-z0-9-]*$/);
  });

  test.each(DEPLOYMENTS)("shows the preamble and each command of %s once, and no other", (deployment) => {
    const page = renderRunbooks(ALERTS, deployment).get(`${alert.name}.md`) ?? "";
    const [preamble, ...commands] = [...page.matchAll(/^```bash\n([\s\S]*?)\n```$/gm)].map((match) => match[1] ?? "");
    expect(preamble?.endsWith(PREAMBLES[deployment])).toBe(true);
    const uses = (variables: RegExp) => commands.some((text) => variables.test(text));
    expect(uses(/\$(LANE|QUEUE|GROUP|DELAYED)\b/)).toBe(preamble?.includes(QUEUE_OF_LABELS));
    expect(uses(/\$(TYPE|LANE|QUEUE|GROUP|DELAYED)\b/)).toBe(preamble?.includes("export TYPE="));
    expect(commands.toSorted()).toEqual(
      commandsOf(alert.runbook)
        .map((command) => commandText(command, deployment))
        .toSorted(),
    );
    expect(new Set(commands).size).toBe(commands.length);
  });

  test("has every command in a block, which the suites run", () => {
    const sentences = textOf(alert.name).replaceAll(/^```bash\n[\s\S]*?\n```$|^<!--.*$/gm, "");
    expect(
      sentences.match(
        /`[^`]*\b(redis-cli|docker|kubectl|systemctl|supervisorctl|curl|jq|prom|mcp-orchestrator|npm|node) [^`]*`/g,
      ),
    ).toBeNull();
  });

  test("has an example of an expected output that its condition accepts", () => {
    for (const { id, expected = "", firing, healthy } of commandsOf(alert.runbook)) {
      const examples = [...expected.matchAll(/`([^`]+)`/g)].map(([, example = ""]) => example);
      const accepts = [firing, healthy].filter((shows) => shows !== undefined);
      if (examples.length === 0 || accepts.length === 0) continue;
      const accepted = examples.some((example) => accepts.some((shows) => outputShows(example, shows)));
      expect(accepted, `${id}: ${expected}`).toBe(true);
    }
  });

  test("claims what can be false, or gives context only", () => {
    for (const { id, context, expected, firing, healthy } of commandsOf(alert.runbook)) {
      if (context === true) continue;
      expect(firing ?? healthy, `${id}: ${expected}`).toBeDefined();
      for (const shows of [firing, healthy]) {
        if (shows !== undefined)
          expect(outputShows(oppositeOf(shows), shows), `${id}: ${JSON.stringify(shows)}`).toBe(false);
      }
      // What is true with and without the fault says nothing about it.
      if (firing !== undefined && healthy !== undefined) expect(firing, id).not.toEqual(healthy);
    }
  });

  test("shows no machine-readable condition", () => {
    const page = textOf(alert.name);
    for (const { firing, healthy } of commandsOf(alert.runbook)) {
      for (const shows of [firing, healthy]) {
        if (shows !== undefined && "matches" in shows && /[\\^$]/.test(shows.matches)) {
          expect(page).not.toContain(shows.matches);
        }
      }
    }
  });

  test("has the commands of every deployment with their conditions in commands.json", () => {
    const { preambles, labels, runbooks: read } = JSON.parse(runbooks.get("commands.json") ?? "{}");
    expect(preambles).toEqual(PREAMBLES);
    expect(labels).toBe(QUEUE_OF_LABELS);
    for (const { undo, ...command } of commandsOf(alert.runbook)) {
      const run = Object.fromEntries(DEPLOYMENTS.map((deployment) => [deployment, commandText(command, deployment)]));
      expect(read[alert.name]).toContainEqual({ ...command, run, ...(undo === undefined ? {} : { undo: undo.id }) });
    }
  });

  test("has a command that undoes each change, unless it leaves nothing on", () => {
    const commands = commandsOf(alert.runbook);
    const undoing = commands.map(({ undo }) => undo);
    for (const command of commands.filter(({ changes }) => changes)) {
      if (undoing.includes(command) || LEAVE_NOTHING_ON.test(commandText(command, "compose"))) continue;
      expect(command.undo, command.id).toBeDefined();
    }
  });

  test("adds permissions without removing any, sets no absolute number of workers and reads no whole key of Redis", () => {
    for (const command of commandsOf(alert.runbook)) {
      const text = commandText(command, "compose");
      if (text.includes("ACL SETUSER")) expect(text).toContain("ACL SAVE");
      expect(text).not.toMatch(/scale "\$TYPE" \d|memkeys-samples 0/);
    }
  });

  test("says what the catalogue says about threshold and duration", () => {
    if (alert.facts.for !== "0s") expect(alert.runbook.meaning).toContain(alert.facts.for);
    if (alert.threshold.fixed !== true && alert.threshold.value > 0) {
      expect(alert.runbook.meaning).toContain(alert.facts.threshold);
    }
  });
});

/** Commands that start something again, turn a switch off, or do something once. All others may leave something on. */
const LEAVE_NOTHING_ON =
  /^(for replica .*\n *docker restart |docker compose (restart|start|up -d) |curl .*\/-\/reload"|redis-cli (BGSAVE$|ACL SETUSER )|mcp-orchestrator (\S+ disable$|resume |write-off |dlq (retry|discard)-all |scale "\$TYPE" most$))/;

/** An output of the opposite state. */
function oppositeOf(shows: Shows): string {
  if ("matches" in shows) return shows.not;
  if ("nothing" in shows) return "1 {}";
  return `${"numberAbove" in shows ? shows.numberAbove : shows.numberBelow} {}`;
}

test("an output is compared with a number, a text or nothing", () => {
  expect(outputShows("612\n", { numberAbove: 500 })).toBe(true);
  expect(outputShows("500\n", { numberAbove: 500 })).toBe(false);
  expect(outputShows("", { numberAbove: 500 })).toBe(false);
  expect(outputShows("0.07 {}", { numberBelow: 0.1 })).toBe(true);
  expect(outputShows("a\nPONG\n", { matches: "^PONG$", not: "" })).toBe(true);
  expect(outputShows(" \n", { nothing: true })).toBe(true);
  expect(outputShows("x", { nothing: true })).toBe(false);
});

test.each(DEPLOYMENTS)("the preamble and every command of %s is a shell text that bash can read", (deployment) => {
  const texts = ALERTS.flatMap(({ runbook }) => commandsOf(runbook).map((command) => commandText(command, deployment)));
  const { status, stderr } = spawnSync("bash", ["-n"], {
    input: [QUEUE_OF_LABELS, PREAMBLES[deployment], ...texts].join("\n"),
  });
  expect(stderr.toString()).toBe("");
  expect(status).toBe(0);
});

test("the commands for supervisor read the logs that its program has", () => {
  const program = readFileSync(join(GENERATED_FOLDER, "../../deploy/supervisor/mcp-orchestrator.conf"), "utf8");
  const texts = ALERTS.flatMap(({ runbook }) =>
    commandsOf(runbook).map((command) => commandText(command, "supervisor")),
  );
  const tails = texts.join("\n").match(/supervisorctl tail .*/g);
  // One log has both streams: supervisor refuses to show a second one.
  expect(program).toContain("\nredirect_stderr=true\n");
  expect(new Set(tails)).toEqual(new Set(["supervisorctl tail mcp-orchestrator"]));
  const [, directory] = /^directory=(.*)$/m.exec(program) ?? [];
  expect(texts.filter((text) => /\/logs\//.test(text) && !text.includes(`${directory}/logs/orchestrator.log`))).toEqual(
    [],
  );
});
