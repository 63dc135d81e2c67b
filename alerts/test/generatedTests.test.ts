import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { dump, load } from "js-yaml";
import { expect, test } from "vitest";
import { ALERTS } from "../src/catalogue/index.ts";
import { GENERATED_FOLDER } from "../src/files.ts";
import { parseQuery } from "../src/promql/query.ts";
import type { RuleFile } from "../src/render/ruleFile.ts";
import { promtool } from "../src/tools/releases.ts";
import { runOn } from "../src/tools/run.ts";

type TestFile = { readonly rule_files: readonly string[]; readonly tests: readonly { readonly name: string }[] };

const parsed = async (file: string) => load(await readFile(join(GENERATED_FOLDER, file), "utf8"));
const generated = (await parsed("mcp-orchestrator.test.yml")) as TestFile;
const shipped = (await parsed("mcp-orchestrator.rules.yml")) as RuleFile;
/** Without those on objectives, whose samples need rules of their own. */
const tested = ALERTS.filter(({ overridden, objective }) => !overridden && objective === undefined);

test("the generated test file has a test for every sample of these alerts", () => {
  const names = generated.tests.map(({ name }) => name);
  const wanted = tested.flatMap(({ name, samples }) =>
    samples.cases.map((sampleCase) => `${name}: ${sampleCase.name}`),
  );
  expect(names.sort()).toEqual(wanted.sort());
});

/**
 * The rules of the shipped file that an alert needs: itself, and what it reads. All of them for every sample take
 * minutes.
 */
function rulesFor(alert: string): RuleFile {
  const all = shipped.groups.flatMap(({ rules }) => rules);
  const needed = new Set<unknown>();
  const need = (rule: (typeof all)[number]) => {
    if (needed.has(rule)) return;
    needed.add(rule);
    const read = parseQuery(rule.expr).selectors.map(({ metric }) => metric);
    for (const other of all) if ("record" in other && read.includes(other.record)) need(other);
  };
  for (const rule of all) if ("alert" in rule && rule.alert === alert) need(rule);
  return {
    groups: shipped.groups.map(({ rules, ...group }) => ({
      ...group,
      rules: rules.filter((rule) => needed.has(rule)),
    })),
  };
}

test.each(tested.map(({ name }) => name))(
  "its tests of %s pass against the rules as they ship, with Prometheus 3.5",
  async (alert) => {
    const isOf = ({ name }: { readonly name: string }) => name.startsWith(`${alert}: `);
    const [ruleFile = ""] = generated.rule_files;
    const files = {
      [ruleFile]: dump(rulesFor(alert), { noRefs: true }),
      "test.yml": dump({ ...generated, tests: generated.tests.filter(isOf) }, { noRefs: true }),
    };
    expect(await runOn(files, promtool("3.5"), ["test", "rules", "test.yml"])).toMatchObject({ ok: true });
  },
);
