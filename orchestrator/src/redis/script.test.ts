import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { Script } from "./script.ts";

const names = readdirSync(new URL("./lua/", import.meta.url)).map((file) => file.replace(/\.lua$/, ""));

it("replaces the name of a record state by its letter", () => {
  expect(new Script("x", "return STATE.failed .. ' 1-0'").source).toBe("return 'f' .. ' 1-0'");
});

it.each(["STATE.lost", "STATE.toString"])("rejects %s", (text) => {
  expect(() => new Script("x", `return ${text}`)).toThrow("x.lua: a record has no state");
});

it.each(names)("%s.lua names only existing record states", (name) => {
  expect(new Script(name).source).not.toContain("STATE");
});
