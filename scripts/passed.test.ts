import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { Passed } from "./passed.ts";

let root: string;
let passed: Passed;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mcp-orchestrator-passed-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, "src"));
  writeFileSync(join(root, "src", "a.ts"), "a");
  writeFileSync(join(root, "other.ts"), "o");
  passed = new Passed("check", ["src/**/*"], { root, folder: join(root, "memory") });
});

it("does not know a check that never passed", () => {
  expect(passed.holds()).toBe(false);
});

it("holds as long as the files of the check are the same", () => {
  passed.remember(true);
  writeFileSync(join(root, "other.ts"), "changed");
  expect(passed.holds()).toBe(true);
});

it.each([
  ["changed", () => writeFileSync(join(root, "src", "a.ts"), "b")],
  ["added", () => writeFileSync(join(root, "src", "b.ts"), "a")],
  ["removed", () => rmSync(join(root, "src", "a.ts"))],
])("is forgotten when a file was %s", (_, change) => {
  passed.remember(true);
  change();
  expect(passed.holds()).toBe(false);
});

it("is removed when the check fails", () => {
  passed.remember(true);
  passed.remember(false);
  expect(passed.holds()).toBe(false);
});
