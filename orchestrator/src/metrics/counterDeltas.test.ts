import { expect, it } from "vitest";
import { CIRCUIT_STATES, LANES, UPSTREAMS } from "./contract.ts";
import { CounterDeltas } from "./counterDeltas.ts";
import { createLayout } from "./layout.ts";

const LAYOUT = createLayout(["ml", "chat"]);

it("the state of each breaker is its own, as a number", () => {
  const deltas = new CounterDeltas(LAYOUT);
  expect(deltas.circuits()).toEqual(UPSTREAMS.map(() => 0));
  for (const [at, upstream] of UPSTREAMS.entries()) {
    for (const [value, state] of CIRCUIT_STATES.entries()) {
      deltas.telemetry.upstream(upstream).circuit(state);
      expect(deltas.circuits()[at]).toBe(value);
    }
  }
  deltas.telemetry.upstream(UPSTREAMS[0] as (typeof UPSTREAMS)[number]).circuit(CIRCUIT_STATES[0]);
  expect(deltas.circuits()).toEqual(UPSTREAMS.map((_, at) => (at === 0 ? 0 : CIRCUIT_STATES.length - 1)));
});

it("the first change after each drain is announced once, also one that came before the listener", () => {
  const deltas = new CounterDeltas(LAYOUT);
  const lane = deltas.telemetry.lane("ml", "express");
  let calls = 0;
  lane.completed(1);
  deltas.onFirstChange(() => calls++);
  expect(calls).toBe(1);
  lane.completed(1);
  lane.latency(1);
  expect(calls).toBe(1);
  expect(deltas.drain().length).toBeGreaterThan(0);
  expect(deltas.drain()).toEqual([]);
  expect(calls).toBe(1);
  const upstream = deltas.telemetry.upstream(UPSTREAMS[0] as (typeof UPSTREAMS)[number]);
  upstream.circuit("open");
  expect(calls).toBe(2);
  lane.retries(1);
  expect(calls).toBe(2);
  for (const change of [() => lane.latency(1), () => lane.failed("poison", 1), () => upstream.request("ok", 1)]) {
    deltas.drain();
    calls = 0;
    change();
    expect(calls).toBe(1);
  }
  const unchanged = new CounterDeltas(LAYOUT);
  unchanged.onFirstChange(() => calls++);
  expect(calls).toBe(1);
});

it("each increment is reported once", () => {
  const deltas = new CounterDeltas(LAYOUT);
  for (const lane of LANES) deltas.telemetry.lane("ml", lane).ackAttempts(3, 1);
  expect(deltas.drain()).toHaveLength(4 * 3);
  expect(deltas.drain()).toEqual([]);
});

it("an invalid task of an unknown type is counted as such, instead of making up a label", () => {
  const deltas = new CounterDeltas(LAYOUT);
  const labels = { type: "unknown", lane: "regular", cause: "invalid" };
  for (let at = 0; at < 2; at++) deltas.telemetry.invalid("no-such-type", labels.lane as "regular");
  expect(deltas.drain()).toEqual([LAYOUT.offsetOf("mcp_tasks_submitted_total", labels), 2, 0]);
});

it("a lane of a type that does not exist is refused", () => {
  expect(() => new CounterDeltas(LAYOUT).telemetry.lane("nope", "express")).toThrow(
    new RangeError('no series mcp_tasks_failed_total {"type":"nope","lane":"express","reason":"upstream"}'),
  );
});
