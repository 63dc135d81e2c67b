import { expect, it } from "vitest";
import { judgeVersion } from "./redisVersion.ts";

it.each(["6.2.14", "", "unstable", "5"])("%j is too old", (text) => {
  expect(judgeVersion(text)).toMatchObject({ enough: false, detail: expect.stringContaining("7.0 is the oldest") });
});

it.each([
  ["7.0.0", "none of the newer commands"],
  ["7.0.15", "none of the newer commands"],
  ["8.0.2", "none of the newer commands"],
  // Has XACKDEL, and a stack overflow in it.
  ["8.2.2", "none of the newer commands"],
  ["8.2.3", "XACKDEL (used where permitted)"],
  ["8.4.0", "XACKDEL (used where permitted), XREADGROUP CLAIM (not needed)"],
  ["8.6.1", "XACKDEL (used where permitted), XREADGROUP CLAIM (not needed), XADD IDMP (not needed)"],
  ["10.0.0", "XACKDEL (used where permitted), XREADGROUP CLAIM (not needed), XADD IDMP (not needed)"],
])("%s will do, with %s", (text, commands) => {
  expect(judgeVersion(text)).toEqual({ enough: true, detail: `${text}, with ${commands}` });
});
