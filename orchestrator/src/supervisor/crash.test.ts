import { expect, it } from "vitest";
import { crashReasonOf, saysHeapExhausted } from "./crash.ts";
import { parseFromWorker } from "./protocol.ts";

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

it("knows V8's last words", () => {
  expect(saysHeapExhausted("FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory")).toBe(
    true,
  );
  expect(saysHeapExhausted("(node:1) Warning: something else")).toBe(false);
});

it.each([
  [undefined],
  [null],
  ["heartbeat"],
  [{}],
  [{ kind: "start" }],
  [{ kind: "heartbeat", pollAgeMs: { express: 1 }, inFlight: 0, rssBytes: 1, paused: "", stuckTask: "" }],
  [{ kind: "heartbeat", pollAgeMs: { express: 1, regular: "2" }, inFlight: 0, rssBytes: 1, paused: "", stuckTask: "" }],
  [{ kind: "metrics", deltas: "1,1", circuits: [] }],
  [{ kind: "metrics", deltas: [1, null], circuits: [] }],
])("does not take %j for a worker's message", (message) => {
  expect(parseFromWorker(message)).toBeUndefined();
});
