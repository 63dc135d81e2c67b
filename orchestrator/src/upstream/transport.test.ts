import fc from "fast-check";
import { expect, test } from "vitest";
import { retryAfterMs } from "./transport.ts";

const NOW_MS = Date.parse("2026-01-02T03:04:05Z");

test.for([
  ["120", 120_000],
  [" 0 ", 0],
  ["Fri, 02 Jan 2026 03:04:35 GMT", 30_000],
  ["Fri, 02 Jan 2026 03:00:00 GMT", 0],
  ["999999999", 3_600_000],
  ["Fri, 02 Jan 2099 03:00:00 GMT", 3_600_000],
  ["soon", undefined],
  ["-5", undefined],
  ["1.5", undefined],
  ["", undefined],
  [undefined, undefined],
] as const)("Retry-After %j is %j ms", ([header, expected]) => {
  expect(retryAfterMs(header, NOW_MS)).toBe(expected);
});

test("a Retry-After of any text gives no delay, or one that is not negative", () => {
  fc.assert(fc.property(fc.string(), (header) => (retryAfterMs(header, NOW_MS) ?? 0) >= 0));
});
