import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { OPTIONAL_COMMANDS, REQUIRED_COMMANDS } from "./permissions.ts";

const LUA = new URL("lua/", import.meta.url);
const CALL = /redis\.p?call\('(\w+)'(?:, '(\w+)')?/g;
/** Commands whose subcommands have their own ACL rules. */
const CONTAINERS: ReadonlySet<string> = new Set(["xgroup", "xinfo"]);

it("grants the commands that KEDA sends to read stream lengths, also through Sentinel and in a Cluster", () => {
  expect(REQUIRED_COMMANDS).toEqual(expect.arrayContaining(["auth", "ping", "select", "xlen", "cluster|slots"]));
});

it.each(readdirSync(LUA).filter((file) => file.endsWith(".lua")))("grants every command of %s", (file) => {
  const granted: ReadonlySet<string> = new Set([...REQUIRED_COMMANDS, ...OPTIONAL_COMMANDS]);
  const sent = [...readFileSync(new URL(file, LUA), "utf8").matchAll(CALL)].map(([, command, argument]) => {
    const name = (command as string).toLowerCase();
    return CONTAINERS.has(name) ? `${name}|${argument?.toLowerCase()}` : name;
  });
  expect(sent.length).toBeGreaterThan(0);
  expect(sent.filter((command) => !granted.has(command))).toEqual([]);
});
