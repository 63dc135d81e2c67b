import { expect, it } from "vitest";
import { commandError, connectionFailure, isAmbiguous, isUnavailable, redisErrorKind } from "./redisError.ts";

function reply(message: string): Error {
  return Object.assign(new Error(message), { name: "ReplyError" });
}

it.each([
  [reply("NOPERM this user has no permissions to run the 'xack' command"), "noperm"],
  [reply("ERR The user executing the script can't run this command or subcommand"), "noperm"],
  [
    reply("ERR The user executing the script can't access at least one of the keys mentioned in the command arguments"),
    "noperm",
  ],
  [reply("ERR ACL failure in script: No permissions to access a key"), "noperm"],
  [reply("NOAUTH Authentication required."), "noperm"],
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
] as const)("%s is an error of kind %s", (error, kind) => {
  expect(redisErrorKind(error)).toBe(kind);
  expect(isAmbiguous(kind)).toBe(kind === "timeout" || kind === "connection");
});

const REFUSED = "connect ECONNREFUSED 127.0.0.1:1";
const MAX_RETRIES = new Error(
  'Reached the max retries per request limit (which is 0). Refer to "maxRetriesPerRequest" option for details.',
);

it.each([
  [reply("OOM command not allowed"), REFUSED, "oom", "OOM command not allowed", true],
  [reply("WRONGTYPE Operation against a key"), undefined, "reply", "WRONGTYPE Operation against a key", false],
  [new Error("Command timed out"), undefined, "timeout", "Redis did not answer xadd in time", true],
  [new Error("Command timed out"), REFUSED, "connection", `no connection to Redis: ${REFUSED}`, true],
  [MAX_RETRIES, REFUSED, "connection", `no connection to Redis: ${REFUSED}`, true],
  [MAX_RETRIES, undefined, "connection", "no connection to Redis", true],
  [new Error("Connection is closed."), undefined, "connection", "no connection to Redis: closed", true],
  [
    new Error("Too many Cluster redirections. Last error: ReplyError: MOVED 1 127.0.0.1:2"),
    undefined,
    "connection",
    "no connection to Redis: Too many Cluster redirections: ReplyError: MOVED 1 127.0.0.1:2",
    true,
  ],
] as const)("%s of the client library, after %s, gets a plain message", (error, lost, kind, message, unavailable) => {
  const found = commandError("xadd", error, lost);
  expect(found).toMatchObject({ code: "REDIS_COMMAND_FAILED", subject: "xadd", kind, message });
  expect(redisErrorKind(found)).toBe(kind);
  expect(isUnavailable(found)).toBe(unavailable);
  expect(found.cause).toBe(kind === "connection" ? undefined : error);
  expect(commandError("xadd", found)).toBe(found);
});

it.each([
  [new Error(REFUSED), REFUSED],
  [
    new Error(`All sentinels are unreachable. Retrying from scratch after 61ms. Last error: ${REFUSED}`),
    `no Sentinel answers: ${REFUSED}`,
  ],
  [new Error("All sentinels are unreachable and retry is disabled."), "no Sentinel answers"],
  [
    Object.assign(new Error("Failed to refresh slots cache."), { lastNodeError: new Error("Connection is closed.") }),
    "no node of the Cluster answers: closed",
  ],
  [new Error("None of startup nodes is available"), "no node of the Cluster answers"],
  [
    new Error("Socket timeout. Expecting data, but didn't receive any in 1600ms."),
    "no answer on an open connection for 1600 ms",
  ],
])("%s gives a plain reason for a failed connection", (error, why) => {
  expect(connectionFailure(error)).toBe(why);
});

it("a bug of the service does not count as an outage of Redis", () => {
  expect(isUnavailable(new TypeError("undefined is not a function"))).toBe(false);
});
