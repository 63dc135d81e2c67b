import { expect, it } from "vitest";
import { parseInfo } from "../redis/info.ts";
import { serverReleaseOf } from "../redis/serverRelease.ts";
import { judgeVersion } from "./redisVersion.ts";

const redis = (version: string) => ({ name: "redis", version, compatibleVersion: version });

it.each(["6.2.14", "", "unstable", "5"])("%j is too old", (text) => {
  expect(judgeVersion(redis(text))).toMatchObject({
    enough: false,
    detail: expect.stringContaining("7.0 is the oldest supported"),
  });
});

it.each([
  ["7.0.0", "none of the newer commands"],
  ["7.0.15", "none of the newer commands"],
  ["8.0.2", "none of the newer commands"],
  // Has XACKDEL, but with a stack overflow.
  ["8.2.2", "none of the newer commands"],
  ["8.2.3", "XACKDEL (used where permitted)"],
  ["8.4.0", "XACKDEL (used where permitted), XREADGROUP CLAIM (not needed)"],
  ["8.6.1", "XACKDEL (used where permitted), XREADGROUP CLAIM (not needed), XADD IDMP (not needed)"],
  ["10.0.0", "XACKDEL (used where permitted), XREADGROUP CLAIM (not needed), XADD IDMP (not needed)"],
])("%s is supported, with %s", (text, commands) => {
  expect(judgeVersion(redis(text))).toEqual({ enough: true, detail: `${text}, with ${commands}` });
});

it("judges Valkey by the Redis that it is compatible with, and shows its own version", () => {
  const info = "redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.1.2\r\nvalkey_release_stage:ga\r\n";
  expect(serverReleaseOf(parseInfo(info))).toEqual({ name: "valkey", version: "9.1.2", compatibleVersion: "7.2.4" });
  expect(judgeVersion(serverReleaseOf(parseInfo(info)))).toEqual({
    enough: true,
    detail: "valkey 9.1.2, with none of the newer commands",
  });
});
