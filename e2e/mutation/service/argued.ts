import type { Argument } from "./argument.ts";
import { LUA_ARGUMENTS } from "./lua/argued.ts";
import type { Survivor } from "./result.ts";
import { TYPESCRIPT_ARGUMENTS } from "./typescript/argued.ts";

export const ARGUMENTS: readonly Argument[] = [...LUA_ARGUMENTS, ...TYPESCRIPT_ARGUMENTS];

/** Why a survivor changes nothing; undefined if a test should have noticed it. */
export function argumentFor({ change, file, operator, source }: Survivor): string | undefined {
  return ARGUMENTS.find(
    (argument) =>
      (argument.file.endsWith("*") ? file.startsWith(argument.file.slice(0, -1)) : argument.file === file) &&
      (argument.operator === undefined || argument.operator === operator) &&
      argument.change.test(change) &&
      (argument.line === undefined || argument.line.test(source)),
  )?.why;
}
