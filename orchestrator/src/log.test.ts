import { expect, it } from "vitest";
import { ValidationError } from "./errors.ts";
import { createLog } from "./log.ts";

function capture(secrets: readonly string[] = []) {
  const lines: string[] = [];
  return { lines, log: createLog("info", { write: (line) => lines.push(line) }, secrets) };
}

it("writes the level as the word that the runbook greps for", () => {
  const { log, lines } = capture();
  log.error("one");
  log.fatal("two");
  expect(lines.map((line) => JSON.parse(line).level)).toEqual(["ERROR", "CRITICAL"]);
});

it("keeps secrets out of every part of a line", () => {
  const { log, lines } = capture(['p"4ss', "tok-en"]);
  log.error({ err: new Error('redis://u:p"4ss@host'), header: "Bearer tok-en" }, "with tok-en");
  expect(lines.join()).not.toContain('p\\"4ss');
  expect(lines.join()).not.toContain("tok-en");
  expect(() => JSON.parse(lines[0] ?? "")).not.toThrow();
});

it("changes its level while running", () => {
  const { log, lines } = capture();
  log.debug("hidden");
  log.level = "debug";
  log.debug("shown");
  expect(lines).toHaveLength(1);
});

it("changes the level of its children too, and of theirs", () => {
  const { log, lines } = capture();
  const child = log.child({ worker: "w" });
  const grandchild = child.child({ type: "ml" });
  log.level = "debug";
  child.debug("one");
  grandchild.debug("two");
  log.level = "warn";
  grandchild.info("hidden");
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { msg: "one" },
    { msg: "two", type: "ml", worker: "w" },
  ]);
});

it("names a ValidationError, as the runbook's grep expects", () => {
  const { log, lines } = capture();
  log.warn({ err: new ValidationError("ml", ["symbol: missing"]) }, "Task x failed");
  expect(lines[0]).toMatch(/ValidationError/);
  expect(lines[0]).toMatch(/Invalid ml payload/);
});
