import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import luaparse from "luaparse";
import { expect, test } from "vitest";
import { AREAS, FOLDERS, SUITES } from "../areas.ts";
import { luaMutants } from "./mutants.ts";

const ORCHESTRATOR = new URL("../../../../orchestrator/", import.meta.url);
const LUA = new URL("src/redis/lua/", ORCHESTRATOR);

const scripts = (await readdir(LUA)).map((file) => file.replace(".lua", ""));
const changes = (source: string) =>
  luaMutants("x", `#!lua\n${source}\n`)
    .filter(({ operator }) => !operator.startsWith("flag"))
    .map(({ operator, change }) => `${operator}: ${change}`);

test.each(scripts)("every mutant of %s is Lua, differs from the original and from every other", async (script) => {
  const source = await readFile(new URL(`${script}.lua`, LUA), "utf8");
  const mutants = luaMutants(script, source);
  expect(mutants.length).toBeGreaterThan(5);
  expect(new Set([source, ...mutants.map((mutant) => mutant.source)]).size).toBe(mutants.length + 1);
  const before = source.split("\n");
  // One in five: parsing them all would take seconds.
  for (const mutant of mutants.filter((_, at) => at % 5 === 0)) {
    expect(() => luaparse.parse(mutant.source, { luaVersion: "5.1" }), `line ${mutant.line}`).not.toThrow();
    expect(mutant.source.split("\n").slice(0, mutant.line - 1)).toEqual(before.slice(0, mutant.line - 1));
  }
});

test("every script has tests that decide about it, and every one of them is there", () => {
  expect(Object.keys(SUITES).toSorted()).toEqual(scripts.toSorted());
  const missing = [...new Set(Object.values(SUITES).flat())].filter(
    (suite) => !existsSync(new URL(suite.replace("orchestrator/", ""), ORCHESTRATOR)),
  );
  expect(missing).toEqual([]);
  expect(FOLDERS.filter((folder) => !existsSync(new URL(`src/${folder}`, ORCHESTRATOR)))).toEqual([]);
  expect(new Set(AREAS).size).toBe(FOLDERS.length + scripts.length);
});

test.each([
  [
    "redis.call('EXPIRE', k, t)",
    ["call dropped: redis.call('EXPIRE', k, t) -> (nothing)", "command: 'EXPIRE' -> 'PEXPIRE'"],
  ],
  [
    "redis.call('XADD', k, '*', 'a', b, 'c', d)",
    ["pair dropped: , 'a', b -> (nothing)", "pair dropped: , 'c', d -> (nothing)"],
  ],
  ["redis.call('SET', k, v, 'EX', t)", ["option dropped: , 'EX', t -> (nothing)"]],
  ["redis.call('XCLAIM', k, g, c, 0, id, 'JUSTID')", ["option dropped: , 'JUSTID' -> (nothing)"]],
  ["if a == 1 then b = 2 end", ["comparison: == -> ~=", "assignment dropped: b = 2 -> (nothing)", "number: 2 -> 3"]],
  ["if a < b then c() end", ["comparison: < -> <=", "comparison: < -> >=", "condition negated: a < b -> not (a < b)"]],
  ["while a and (b or c) do d() end", ["operand dropped: and (b or c) -> (nothing)", "logic: and -> or"]],
  ["local a = KEYS[at] or ARGV[at + 1]", ["index: at -> at + 1", "number: 1 -> 2"]],
  ["local t = { a, b }", ["field dropped: a, -> (nothing)", "field dropped: , b -> (nothing)"]],
  ["local n = math.max(a, -b) * c", ["function: math.max -> math.min", "- dropped: -b -> b", "arithmetic: * -> /"]],
  ["return 1", ["result dropped: return 1 -> return nil"]],
] as const)("%s", (source, expected) => {
  const found = changes(source);
  for (const change of expected) expect(found).toContain(change);
});

test("the rights of a script are taken and given", () => {
  const flags = (first: string) =>
    luaMutants("x", `${first}\nreturn 1\n`)
      .filter(({ operator }) => operator.startsWith("flag"))
      .map(({ source }) => source.split("\n")[0]);
  expect(flags("#!lua")).toEqual(["#!lua flags=allow-oom", "#!lua flags=no-writes"]);
  expect(flags("#!lua flags=allow-oom")).toEqual(["#!lua", "#!lua flags=allow-oom,no-writes"]);
});

test("a command without its name would only be counted as killed", () => {
  expect(changes("redis.call('DEL', k)")).not.toContain("text emptied: 'DEL' -> ''");
});
