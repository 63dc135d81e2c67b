import type { Survivor } from "./result.ts";

type Argument = {
  /** File, or a folder that ends in `*`. */
  readonly file: string;
  readonly operator?: string;
  /** Matches what the mistake changes. */
  readonly change: RegExp;
  /** Matches the line in which it is. */
  readonly line?: RegExp;
  /** Why nothing that can be observed changes by it. */
  readonly why: string;
};

/** Mistakes that change nothing that can be observed. One that is argued away here is one that no test can kill. */
const ARGUMENTS: readonly Argument[] = [
  {
    file: "redis/lua/*",
    operator: "function",
    change: /^math\.floor -> math\.ceil$/,
    line: /time\[2\] \/ 1000/,
    why: "The time differs by less than a millisecond.",
  },
  {
    file: "redis/lua/*",
    operator: "number",
    change: /^1000 -> 1001$/,
    line: /time\[2\] \/ 1000/,
    why: "The time differs by less than a millisecond, or by far more: then a test notices the other factor.",
  },
  {
    file: "redis/lua/complete.lua",
    operator: "pcall",
    change: /^redis\.pcall -> redis\.call$/,
    why: "The error ends the script either way, with the same text.",
  },
  {
    file: "redis/lua/complete.lua",
    operator: "result dropped",
    change: /^return false -> return nil$/,
    why: "Both are false for the condition that asks.",
  },
  {
    file: "redis/lua/complete.lua",
    operator: "tonumber dropped",
    change: /ARGV\[9\]/,
    why: "Lua converts the limit of a numeric loop.",
  },
  {
    file: "redis/lua/complete.lua",
    operator: "operand dropped",
    change: /^and row\[2\] ~= consumer ->/,
    why: "An entry whose row names this consumer is owned, and does not get here.",
  },
  {
    file: "redis/lua/complete.lua",
    line: /owned\[pending\[i\]\[1\]\] = true|redis\.pcall\('XPENDING'/,
    change: /^(owned\[pending|1 -> 2|7 -> 8|8 -> 9)/,
    why: "The list of what is pending only saves commands: an entry that is not in it is looked up alone.",
  },
  {
    file: "redis/lua/complete.lua",
    operator: "number",
    change: /^1 -> 2$/,
    line: /'XPENDING', stream, group, id, id, 1/,
    why: "One id has at most one row.",
  },
  {
    file: "redis/lua/complete.lua",
    operator: "command",
    change: /^'XRANGE' -> 'XREVRANGE'$/,
    why: "The range is one id.",
  },
  {
    file: "redis/lua/complete.lua",
    operator: "boolean",
    change: /^true -> false$/,
    line: /local all, before = true/,
    why: "The results are stored one by one instead of all at once: slower, and the same.",
  },
  {
    file: "redis/lua/complete.lua",
    change: /'0'|'internal'/,
    line: /"attempts":\(%d\+\)|reason or 'internal'/,
    why: "A stand-in for what the service always writes.",
  },
  {
    file: "redis/lua/discard.lua",
    operator: "number",
    change: /^1 -> 2$/,
    line: /string\.find\(record/,
    why: "A record begins with the letter of its state; what is looked for never starts there.",
  },
  {
    file: "redis/lua/discard.lua",
    operator: "text emptied",
    change: /deadLetterId/,
    why: "The id of a dead letter stands in no other place of a record.",
  },
];

/** Why a survivor changes nothing; undefined for one that a test should have noticed. */
export function argumentFor({ change, file, operator, source }: Survivor): string | undefined {
  return ARGUMENTS.find(
    (argument) =>
      (argument.file.endsWith("*") ? file.startsWith(argument.file.slice(0, -1)) : argument.file === file) &&
      (argument.operator === undefined || argument.operator === operator) &&
      argument.change.test(change) &&
      (argument.line === undefined || argument.line.test(source)),
  )?.why;
}
