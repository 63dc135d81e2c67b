import { expect, it } from "vitest";
import { crashReasonOf, saysHeapExhausted } from "./crash.ts";

it.each([
  [{ code: null, signal: "SIGKILL", heapExhausted: false }, "signal"],
  [{ code: 1, signal: null, heapExhausted: false }, "exit"],
  [{ code: 0, signal: null, heapExhausted: false }, "exit"],
  [{ code: null, signal: "SIGABRT", heapExhausted: true }, "oom"],
  [{ code: null, signal: "SIGKILL", heapExhausted: false, killedFor: "oom" }, "oom"],
  [{ code: null, signal: "SIGKILL", heapExhausted: false, killedFor: "unresponsive" }, "unresponsive"],
] as const)("the end %j is a crash by %s", (end, reason) => {
  expect(crashReasonOf(end)).toBe(reason);
});

it.each([
  // The message of Node 24, and two of other releases.
  ["FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", true],
  ["FATAL ERROR: Ineffective mark-compacts near heap limit Allocation failed", true],
  ["FATAL ERROR: CALL_AND_RETRY_LAST Allocation failed - JavaScript heap out of memory", true],
  ["(node:1) Warning: something else", false],
  ["", false],
])("takes the line %j for an exhausted heap: %s", (line, expected) => {
  expect(saysHeapExhausted(line)).toBe(expected);
});
