import { expect, it } from "vitest";
import { isAmbiguous, redisErrorKind } from "./redisError.ts";

function reply(message: string): Error {
  return Object.assign(new Error(message), { name: "ReplyError" });
}

it.each([
  [reply("NOPERM this user has no permissions to run the 'xack' command"), "noperm"],
  [reply("ERR The user executing the script can't run this command or subcommand"), "noperm"],
  [reply("OOM command not allowed when used memory > 'maxmemory'."), "oom"],
  [reply("NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option"), "nogroup"],
  [reply("UNBLOCKED the stream key no longer exists"), "nogroup"],
  [reply("NOSCRIPT No matching script. Please use EVAL."), "noscript"],
  [reply("LOADING Redis is loading the dataset in memory"), "busy"],
  [reply("MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk."), "busy"],
  [reply("READONLY You can't write against a read only replica."), "readonly"],
  [reply("ERR something else"), "reply"],
  [new Error("Command timed out"), "timeout"],
  [new Error("Redis poll timeout after 3000 ms"), "timeout"],
  [new Error("Connection is closed."), "connection"],
  [new Error("connect ECONNREFUSED 127.0.0.1:1"), "connection"],
] as const)("%s is of the kind %s", (error, kind) => {
  expect(redisErrorKind(error)).toBe(kind);
  expect(isAmbiguous(kind)).toBe(kind === "timeout" || kind === "connection");
});
