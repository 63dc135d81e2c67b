import { expect, it } from "vitest";
import { METRICS, type MetricSpec } from "./contract.ts";
import { type CountedMetric, createLayout } from "./layout.ts";

/** The label values of each metric, written by hand. */
const TYPE = ["chat", "ml"];
const LANE = ["express", "regular"];
const OUTCOME = ["error", "ok", "rejected"];
const EXPECTED: Readonly<Record<CountedMetric, Readonly<Record<string, readonly string[]>>>> = {
  mcp_tasks_enqueued_total: { type: TYPE, lane: LANE },
  mcp_tasks_completed_total: { type: TYPE, lane: LANE },
  mcp_tasks_failed_total: {
    type: TYPE,
    lane: LANE,
    reason: ["internal", "poison", "timeout", "upstream", "validation"],
  },
  mcp_task_latency_seconds: { type: TYPE, lane: LANE },
  mcp_task_wait_seconds: { type: TYPE, lane: LANE },
  mcp_ack_attempts_total: { type: TYPE, lane: LANE, outcome: ["error", "ok"] },
  mcp_ack_failures_total: { type: TYPE, lane: LANE },
  mcp_dead_letters_discarded_total: { reason: ["age", "limit"] },
  mcp_worker_crashes_total: { type: TYPE, reason: ["exit", "oom", "signal", "unresponsive"] },
  mcp_orphans_claimed_total: { type: TYPE, lane: LANE },
  mcp_late_finishes_total: { type: TYPE, lane: LANE },
  mcp_task_retries_total: { type: TYPE, lane: LANE },
  mcp_tasks_submitted_total: {
    type: [...TYPE, "unknown"],
    lane: LANE,
    cause: ["conflict", "internal", "invalid", "none", "overload", "rate_limit", "redis"],
  },
  mcp_http_requests_total: {
    route: ["admin", "dlq", "metrics", "other", "probe", "state", "submit", "submit_batch", "task"],
    outcome: OUTCOME,
    cause: [
      "aborted",
      "conflict",
      "denied",
      "internal",
      "invalid",
      "none",
      "not_found",
      "not_ready",
      "overload",
      "rate_limit",
      "redis",
      "shutdown",
      "slow_client",
    ],
  },
  mcp_submission_duration_seconds: { outcome: OUTCOME },
  mcp_redis_command_duration_seconds: {},
  mcp_upstream_requests_total: {
    upstream: ["chat", "market"],
    outcome: ["denied", "error", "ok", "rejected", "timeout"],
  },
  mcp_upstream_request_duration_seconds: { upstream: ["chat", "market"] },
};

it.each(Object.entries(EXPECTED))("%s has exactly one series per label combination", (metric, labels) => {
  const series = createLayout(["ml", "chat"]).series.filter((one) => one.metric === metric);
  for (const [label, values] of Object.entries(labels)) {
    const found = new Set(series.map((one) => one.labels[label] ?? ""));
    expect([...found].toSorted(), label).toEqual(values);
  }
  // All combinations, except that a cause has one outcome, and that a task of an unknown type is invalid.
  const { outcome, ...others } = labels;
  const free =
    "cause" in labels ? { ...others, type: others.type?.filter((type) => type !== "unknown") ?? [""] } : labels;
  const unknown = series.filter(({ labels: { type } }) => type === "unknown");
  expect(new Set(unknown.map(({ labels: { lane, cause } }) => `${lane} ${cause}`))).toEqual(
    new Set(unknown.length === 0 ? [] : ["express invalid", "regular invalid"]),
  );
  const known = Object.values(free).reduce((product, values) => product * values.length, 1);
  expect(series).toHaveLength(known + unknown.length);
});

it("assigns each offset to exactly one counter or bucket", () => {
  const layout = createLayout(["ml", "chat"]);
  const counted = Object.entries(METRICS).filter(([, { type }]) => type !== "gauge");
  expect([...new Set(layout.series.map(({ metric }) => metric))]).toEqual(counted.map(([name]) => name));
  const offsets = layout.series.flatMap(({ metric, offset }) => {
    const { buckets }: MetricSpec = METRICS[metric];
    return Array.from({ length: buckets === undefined ? 1 : buckets.length + 1 }, (_, at) => offset + at);
  });
  expect(offsets).toEqual(Array.from({ length: layout.size }, (_, at) => at));
});
