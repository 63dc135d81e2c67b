import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { Script } from "./script.ts";

const names = readdirSync(new URL("./lua/", import.meta.url))
  .filter((file) => file.endsWith(".lua"))
  .map((file) => file.slice(0, -".lua".length));

it("replaces the name of a record state by its letter", () => {
  expect(new Script("x", "return STATE.failed .. ' 1-0'").source).toBe("return 'f' .. ' 1-0'");
});

it.each(["STATE.lost", "STATE.toString"])("rejects %s", (text) => {
  expect(() => new Script("x", `return ${text}`)).toThrow("x.lua: a record has no state");
});

it.each(names)("%s.lua names only existing record states", (name) => {
  const { source } = new Script(name);
  expect(source).not.toContain("STATE");
  expect(source).not.toContain("-- include");
});
