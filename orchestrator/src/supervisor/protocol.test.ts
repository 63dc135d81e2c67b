import { expect, it } from "vitest";
import { parseFromWorker } from "./protocol.ts";

const HEARTBEAT = {
  kind: "heartbeat",
  pollAgeMs: { express: 1, regular: 0 },
  inFlight: 0,
  rssBytes: 1_000,
  paused: "",
  stuckTask: "t-1",
};
const METRICS = { kind: "metrics", deltas: [3, 1.5, -1], circuits: [0, 2] };

it.each([
  HEARTBEAT,
  { ...HEARTBEAT, pollAgeMs: { express: Number.POSITIVE_INFINITY, regular: 5 } },
  METRICS,
  { kind: "metrics", deltas: [], circuits: [] },
  { kind: "delayed", delayMs: 0 },
  { kind: "draining" },
  { kind: "circuit", upstream: "chat", event: { kind: "failed" } },
  { kind: "circuit", upstream: "market", event: { kind: "succeeded" } },
  { kind: "circuit", upstream: "chat", event: { kind: "closed" } },
  { kind: "circuit", upstream: "chat", event: { kind: "opened", openMs: 500 } },
])("accepts %j", (message) => {
  expect(parseFromWorker(message)).toBe(message);
});

it.each([
  [undefined],
  [null],
  ["heartbeat"],
  [7],
  [{}],
  [{ kind: "start" }],
  [{ ...HEARTBEAT, kind: "Heartbeat" }],
  [{ ...HEARTBEAT, pollAgeMs: undefined }],
  [{ ...HEARTBEAT, pollAgeMs: { express: 1 } }],
  [{ ...HEARTBEAT, pollAgeMs: { regular: 1 } }],
  [{ ...HEARTBEAT, pollAgeMs: { express: 1, regular: "2" } }],
  [{ ...HEARTBEAT, pollAgeMs: { express: -1, regular: 2 } }],
  [{ ...HEARTBEAT, inFlight: "0" }],
  [{ ...HEARTBEAT, inFlight: -1 }],
  [{ ...HEARTBEAT, rssBytes: Number.NaN }],
  [{ ...HEARTBEAT, paused: true }],
  [{ ...HEARTBEAT, stuckTask: undefined }],
  [{ ...METRICS, deltas: "1,1" }],
  [{ ...METRICS, deltas: [1, null] }],
  [{ ...METRICS, circuits: undefined }],
  [{ ...METRICS, circuits: ["0"] }],
  [{ kind: "delayed" }],
  [{ kind: "delayed", delayMs: -1 }],
  [{ kind: "circuit", upstream: "nope", event: { kind: "failed" } }],
  [{ kind: "circuit", upstream: "chat" }],
  [{ kind: "circuit", upstream: "chat", event: null }],
  [{ kind: "circuit", upstream: "chat", event: "failed" }],
  [{ kind: "circuit", upstream: "chat", event: {} }],
  [{ kind: "circuit", upstream: "chat", event: { kind: "exploded" } }],
  [{ kind: "circuit", upstream: "chat", event: { kind: "opened" } }],
  [{ kind: "circuit", upstream: "chat", event: { kind: "opened", openMs: -1 } }],
  [{ kind: "circuit", upstream: "chat", event: { kind: "opened", openMs: "500" } }],
])("rejects %j", (message) => {
  expect(parseFromWorker(message)).toBeUndefined();
});
