import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { OPTIONAL_COMMANDS, REQUIRED_COMMANDS } from "./permissions.ts";

const LUA = new URL("lua/", import.meta.url);
const CALL = /redis\.p?call\('(\w+)'(?:, '(\w+)')?/g;
/** Their first argument is a command of its own to an ACL. */
const CONTAINERS: ReadonlySet<string> = new Set(["xgroup", "xinfo"]);

it.each(readdirSync(LUA).filter((file) => file.endsWith(".lua")))("every command of %s is among the rights", (file) => {
  const granted: ReadonlySet<string> = new Set([...REQUIRED_COMMANDS, ...OPTIONAL_COMMANDS]);
  const sent = [...readFileSync(new URL(file, LUA), "utf8").matchAll(CALL)].map(([, command, argument]) => {
    const name = (command as string).toLowerCase();
    return CONTAINERS.has(name) ? `${name}|${argument?.toLowerCase()}` : name;
  });
  expect(sent.length).toBeGreaterThan(0);
  expect(sent.filter((command) => !granted.has(command))).toEqual([]);
});
