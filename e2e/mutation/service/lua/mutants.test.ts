import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import luaparse from "luaparse";
import { expect, test } from "vitest";
import { AREAS, FOLDERS, filesOf, SUITES } from "../areas.ts";
import { luaMutants } from "./mutants.ts";

const ORCHESTRATOR = new URL("../../../../orchestrator/", import.meta.url);
const LUA = new URL("src/redis/lua/", ORCHESTRATOR);

const scripts = (await readdir(LUA, { recursive: true }))
  .filter((file) => file.endsWith(".lua"))
  .map((file) => file.slice(0, -".lua".length));
const changes = (source: string) =>
  luaMutants("x", `#!lua\n${source}\n`)
    .filter(({ operator }) => !operator.startsWith("flag"))
    .map(({ operator, change }) => `${operator}: ${change}`);

test.each(scripts)(
  "every mutant of %s is valid Lua and differs from the original and from every other",
  async (script) => {
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
  },
);

test("every script has tests that decide about it, and they exist", () => {
  expect(Object.keys(SUITES).toSorted()).toEqual(scripts.toSorted());
  const missing = [...Object.values(SUITES), ...Object.values(FOLDERS)]
    .flat()
    .filter((suite) => !existsSync(new URL(suite.replace("orchestrator/", ""), ORCHESTRATOR)));
  expect(missing).toEqual([]);
  const folders = Object.keys(FOLDERS);
  expect(folders.filter((folder) => !existsSync(new URL(`src/${folder}`, ORCHESTRATOR)))).toEqual([]);
  const files = (Object.keys(FOLDERS) as (keyof typeof FOLDERS)[]).flatMap(filesOf);
  expect(files).toContain("orchestrator/src/api/routes/taskRoutes.ts");
  expect(files).toContain("orchestrator/src/queue/consume/lane.ts");
  expect(new Set(files).size).toBe(files.length);
  expect(new Set(AREAS).size).toBe(folders.length + scripts.length);
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

test("the flags of a script are removed and added", () => {
  const flags = (first: string) =>
    luaMutants("x", `${first}\nreturn 1\n`)
      .filter(({ operator }) => operator.startsWith("flag"))
      .map(({ source }) => source.split("\n")[0]);
  expect(flags("#!lua")).toEqual(["#!lua flags=allow-oom", "#!lua flags=no-writes"]);
  expect(flags("#!lua flags=allow-oom")).toEqual(["#!lua", "#!lua flags=allow-oom,no-writes"]);
});

test("the name of a command is kept: every test would kill that mutant", () => {
  expect(changes("redis.call('DEL', k)")).not.toContain("text emptied: 'DEL' -> ''");
});
