import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { load } from "js-yaml";
import { expect, test } from "vitest";
import { ALERTS } from "../src/catalogue/index.ts";
import { GENERATED_FOLDER } from "../src/files.ts";
import { promtool } from "../src/tools/releases.ts";
import { run } from "../src/tools/run.ts";

const FILE = "mcp-orchestrator.test.yml";

test("the generated test file has a test for every sample of every alert", async () => {
  const { tests } = load(await readFile(join(GENERATED_FOLDER, FILE), "utf8")) as { tests: { name: string }[] };
  expect(tests.map(({ name }) => name)).toEqual(
    ALERTS.filter(({ overridden }) => !overridden).flatMap(({ name, samples }) =>
      samples.cases.map((story) => `${name}: ${story.name}`),
    ),
  );
});

test("it passes as a whole against the rule file as it ships, with Prometheus 3.5", async () => {
  const outcome = await run(promtool("3.5"), ["test", "rules", FILE], { cwd: GENERATED_FOLDER });
  expect(outcome).toMatchObject({ ok: true });
});
