import { expect, it } from "vitest";
import { Cells } from "./cells.ts";
import {
  CIRCUIT_STATES,
  FAILURE_REASONS,
  LANES,
  METRICS,
  REQUEST_CAUSES,
  REQUEST_OUTCOMES,
  REQUEST_ROUTES,
  type RequestCause,
  TASK_LATENCY_BUCKETS_SECONDS,
  UPSTREAM_OUTCOMES,
  UPSTREAMS,
} from "./contract.ts";
import { cellLines } from "./exposition.ts";
import { createLayout } from "./layout.ts";
import { Totals } from "./totals.ts";

const TYPES = ["ml", "chat"];
const LAYOUT = createLayout(TYPES);
const WRITERS = Object.entries(METRICS).flatMap(([name, spec]) =>
  spec.type === "gauge" ? [] : [cellLines(name, spec, LAYOUT)],
);

/** What `/metrics` shows of the service after something was counted, without what is 0. */
function shown(count: (cells: Cells) => void): string[] {
  const totals = new Totals(LAYOUT);
  const cells = new Cells(totals.layout);
  count(cells);
  expect(totals.add(cells.drain())).toBe(true);
  const text = WRITERS.map((write) => write(totals.values)).join("");
  return text.split("\n").filter((line) => line !== "" && !line.includes("_bucket{") && !line.endsWith(" 0"));
}

it.each([
  ["enqueued", "mcp_tasks_enqueued_total"],
  ["completed", "mcp_tasks_completed_total"],
  ["ackFailures", "mcp_ack_failures_total"],
  ["orphans", "mcp_orphans_claimed_total"],
  ["retries", "mcp_task_retries_total"],
  ["lateFinishes", "mcp_late_finishes_total"],
] as const)("%s is counted in %s of its type and lane, and nowhere else", (counter, metric) => {
  for (const type of TYPES) {
    for (const lane of LANES) {
      expect(shown((cells) => cells.lane(type, lane)[counter](7))).toEqual([
        `${metric}{type="${type}",lane="${lane}"} 7`,
      ]);
    }
  }
});

it("attempts to acknowledge are counted by outcome", () => {
  expect(shown((cells) => cells.lane("chat", "express").ackAttempts(5, 3))).toEqual([
    'mcp_ack_attempts_total{type="chat",lane="express",outcome="ok"} 5',
    'mcp_ack_attempts_total{type="chat",lane="express",outcome="error"} 3',
  ]);
});

it.each(FAILURE_REASONS)("tasks that failed by %s are counted as such", (reason) => {
  expect(shown((cells) => cells.lane("ml", "regular").failed(reason, 4))).toEqual([
    `mcp_tasks_failed_total{type="ml",lane="regular",reason="${reason}"} 4`,
  ]);
});

it.each([
  ["latency", "mcp_task_latency_seconds"],
  ["wait", "mcp_task_wait_seconds"],
] as const)("%s is observed in %s, in seconds", (name, metric) => {
  const lines = shown((cells) => {
    const lane = cells.lane("ml", "regular");
    lane[name](0.5);
    lane[name](2);
    // A clock that was set back.
    lane[name](-3);
  });
  expect(lines).toEqual([`${metric}_sum{type="ml",lane="regular"} 2.5`, `${metric}_count{type="ml",lane="regular"} 3`]);
});

it("an observation at a bound is in its bucket, one above it in the next", async () => {
  const totals = new Totals(createLayout(TYPES));
  const lane = new Cells(totals.layout, totals.values).lane("ml", "regular");
  const last = TASK_LATENCY_BUCKETS_SECONDS.at(-1) ?? 0;
  for (const bound of TASK_LATENCY_BUCKETS_SECONDS) lane.latency(bound);
  lane.latency(last + 1);
  const first = totals.layout.offsetOf("mcp_task_latency_seconds", { type: "ml", lane: "regular" });
  const buckets = [...totals.values.slice(first, first + TASK_LATENCY_BUCKETS_SECONDS.length + 1)];
  expect(buckets).toEqual(new Array(TASK_LATENCY_BUCKETS_SECONDS.length + 1).fill(1));
});

it.each(UPSTREAMS)("requests to %s are counted by outcome and their duration observed", (upstream) => {
  for (const outcome of UPSTREAM_OUTCOMES) {
    expect(shown((cells) => cells.upstream(upstream).request(outcome, 0.25))).toEqual([
      `mcp_upstream_requests_total{upstream="${upstream}",outcome="${outcome}"} 1`,
      `mcp_upstream_request_duration_seconds_sum{upstream="${upstream}"} 0.25`,
      `mcp_upstream_request_duration_seconds_count{upstream="${upstream}"} 1`,
    ]);
  }
});

it("requests to the API are counted by route, cause and the outcome that follows from it", () => {
  for (const route of REQUEST_ROUTES) {
    for (const [cause, outcome] of Object.entries(REQUEST_CAUSES)) {
      const lines = shown((cells) => cells.http().request(route, cause as RequestCause));
      expect(lines).toHaveLength(1);
      for (const label of [`route="${route}"`, `cause="${cause}"`, `outcome="${outcome}"`]) {
        expect(lines[0]).toContain(label);
      }
      expect(lines[0]).toMatch(/^mcp_http_requests_total\{.*\} 1$/);
    }
  }
  for (const outcome of REQUEST_OUTCOMES) {
    expect(shown((cells) => cells.http().submission(outcome, 0.5))).toEqual([
      `mcp_submission_duration_seconds_sum{outcome="${outcome}"} 0.5`,
      `mcp_submission_duration_seconds_count{outcome="${outcome}"} 1`,
    ]);
  }
});

it("the state of each breaker is its own, as a number", () => {
  const cells = new Cells(createLayout(TYPES));
  expect(cells.circuits()).toEqual(UPSTREAMS.map(() => 0));
  for (const [at, upstream] of UPSTREAMS.entries()) {
    for (const [value, state] of CIRCUIT_STATES.entries()) {
      cells.upstream(upstream).circuit(state);
      expect(cells.circuits()[at]).toBe(value);
    }
  }
  cells.upstream(UPSTREAMS[0] as (typeof UPSTREAMS)[number]).circuit(CIRCUIT_STATES[0]);
  expect(cells.circuits()).toEqual(UPSTREAMS.map((_, at) => (at === 0 ? 0 : CIRCUIT_STATES.length - 1)));
});

it("the first change after each drain is announced once, also one that came before the listener", () => {
  const cells = new Cells(createLayout(TYPES));
  const lane = cells.lane("ml", "express");
  let calls = 0;
  lane.completed(1);
  cells.onFirstChange(() => calls++);
  expect(calls).toBe(1);
  lane.completed(1);
  lane.latency(1);
  expect(calls).toBe(1);
  expect(cells.drain().length).toBeGreaterThan(0);
  expect(cells.drain()).toEqual([]);
  expect(calls).toBe(1);
  cells.upstream(UPSTREAMS[0] as (typeof UPSTREAMS)[number]).circuit("open");
  lane.retries(1);
  expect(calls).toBe(2);
  const quiet = new Cells(createLayout(TYPES));
  quiet.onFirstChange(() => calls++);
  expect(calls).toBe(2);
});
