import { expect, it } from "vitest";
import {
  FAILURE_REASONS,
  LANES,
  REQUEST_CAUSES,
  REQUEST_OUTCOMES,
  REQUEST_ROUTES,
  type RequestCause,
  SUBMISSION_CAUSES,
  TASK_LATENCY_BUCKETS_SECONDS,
  UPSTREAM_OUTCOMES,
  UPSTREAMS,
} from "./contract.ts";
import { CounterDeltas } from "./counterDeltas.ts";
import { createLayout } from "./layout.ts";
import { ServiceMetrics, TEXT_FORMAT } from "./serviceMetrics.ts";
import type { Telemetry } from "./telemetry.ts";

const TYPES = ["ml", "chat"];
const LAYOUT = createLayout(TYPES);
/** What `/metrics` shows of the contract after a worker has counted something, without what is 0. */
async function shown(count: (telemetry: Telemetry) => void): Promise<string[]> {
  const deltas = new CounterDeltas(LAYOUT);
  count(deltas.telemetry);
  const metrics = new ServiceMetrics(LAYOUT);
  expect(metrics.merge(deltas.drain())).toBe(true);
  const text = await metrics.write(TEXT_FORMAT, {});
  return text.split("\n").filter((line) => /^mcp_/.test(line) && !line.includes("_bucket{") && !line.endsWith(" 0"));
}

it.each([
  ["enqueued", "mcp_tasks_enqueued_total"],
  ["completed", "mcp_tasks_completed_total"],
  ["ackFailures", "mcp_ack_failures_total"],
  ["orphans", "mcp_orphans_claimed_total"],
  ["retries", "mcp_task_retries_total"],
  ["lateFinishes", "mcp_late_finishes_total"],
] as const)("%s is counted in %s of its type and lane, and nowhere else", async (counter, metric) => {
  for (const type of TYPES) {
    for (const lane of LANES) {
      expect(await shown((telemetry) => telemetry.lane(type, lane)[counter](7))).toEqual([
        `${metric}{type="${type}",lane="${lane}"} 7`,
      ]);
    }
  }
});

it("attempts to acknowledge are counted by outcome", async () => {
  expect(await shown((telemetry) => telemetry.lane("chat", "express").ackAttempts(5, 3))).toEqual([
    'mcp_ack_attempts_total{type="chat",lane="express",outcome="ok"} 5',
    'mcp_ack_attempts_total{type="chat",lane="express",outcome="error"} 3',
  ]);
});

it.each(SUBMISSION_CAUSES)("submitted tasks whose answer has the cause %s are counted as such", async (cause) => {
  expect(await shown((telemetry) => telemetry.lane("ml", "express").submitted(cause, 6))).toEqual([
    `mcp_tasks_submitted_total{type="ml",lane="express",cause="${cause}"} 6`,
  ]);
});

it.each(FAILURE_REASONS)("tasks that failed by %s are counted as such", async (reason) => {
  expect(await shown((telemetry) => telemetry.lane("ml", "regular").failed(reason, 4))).toEqual([
    `mcp_tasks_failed_total{type="ml",lane="regular",reason="${reason}"} 4`,
  ]);
});

it.each([
  ["latency", "mcp_task_latency_seconds"],
  ["wait", "mcp_task_wait_seconds"],
] as const)("%s is observed in %s, in seconds", async (name, metric) => {
  const lines = await shown((telemetry) => {
    const lane = telemetry.lane("ml", "regular");
    lane[name](0.5);
    lane[name](2);
    // A clock that was set back.
    lane[name](-3);
  });
  expect(lines).toEqual([`${metric}_sum{type="ml",lane="regular"} 2.5`, `${metric}_count{type="ml",lane="regular"} 3`]);
});

it("an observation at a bound is in its bucket, one above it in the next", async () => {
  const last = TASK_LATENCY_BUCKETS_SECONDS.at(-1) ?? 0;
  const deltas = new CounterDeltas(LAYOUT);
  const lane = deltas.telemetry.lane("ml", "regular");
  for (const bound of TASK_LATENCY_BUCKETS_SECONDS) lane.latency(bound);
  lane.latency(last + 1);
  const first = LAYOUT.offsetOf("mcp_task_latency_seconds", { type: "ml", lane: "regular" });
  const observed = [...TASK_LATENCY_BUCKETS_SECONDS, last + 1];
  expect(deltas.drain()).toEqual(observed.flatMap((seconds, bucket) => [first + bucket, 1, seconds]));
});

it.each(UPSTREAMS)("requests to %s are counted by outcome and their duration observed", async (upstream) => {
  for (const outcome of UPSTREAM_OUTCOMES) {
    expect(await shown((telemetry) => telemetry.upstream(upstream).request(outcome, 0.25))).toEqual([
      `mcp_upstream_requests_total{upstream="${upstream}",outcome="${outcome}"} 1`,
      `mcp_upstream_request_duration_seconds_sum{upstream="${upstream}"} 0.25`,
      `mcp_upstream_request_duration_seconds_count{upstream="${upstream}"} 1`,
    ]);
  }
});

it("requests to the API are counted by route, cause and the outcome that follows from it", async () => {
  for (const route of REQUEST_ROUTES) {
    for (const [cause, outcome] of Object.entries(REQUEST_CAUSES)) {
      const lines = await shown((telemetry) => telemetry.http().request(route, cause as RequestCause));
      expect(lines).toHaveLength(1);
      for (const label of [`route="${route}"`, `cause="${cause}"`, `outcome="${outcome}"`]) {
        expect(lines[0]).toContain(label);
      }
      expect(lines[0]).toMatch(/^mcp_http_requests_total\{.*\} 1$/);
    }
  }
  for (const outcome of REQUEST_OUTCOMES) {
    expect(await shown((telemetry) => telemetry.http().submission(outcome, 0.5))).toEqual([
      `mcp_submission_duration_seconds_sum{outcome="${outcome}"} 0.5`,
      `mcp_submission_duration_seconds_count{outcome="${outcome}"} 1`,
    ]);
  }
});

it("commands to Redis are counted by the time to their reply", async () => {
  expect(await shown((telemetry) => telemetry.redis().command(0.002))).toEqual([
    "mcp_redis_command_duration_seconds_sum 0.002",
    "mcp_redis_command_duration_seconds_count 1",
  ]);
});
