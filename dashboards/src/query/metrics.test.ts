import { describe, expect, test } from "vitest";
import { buckets, gauge, labelValues, rate } from "./metrics.ts";
import { aggregate, quantile, share, text } from "./vector.ts";

describe("a query of a contract metric", () => {
  test("follows the variables of the target and of its own labels", () => {
    expect(text(gauge("mcp_queue_depth"))).toBe(
      'mcp_queue_depth{job=~"$job", instance=~"$instance", type=~"$type", lane=~"$lane"}',
    );
  });

  test("is fixed if a value is given", () => {
    expect(text(rate("mcp_ack_attempts_total", { outcome: "ok", type: "ml", lane: ["express", "regular"] }))).toBe(
      'rate(mcp_ack_attempts_total{job=~"$job", instance=~"$instance", type="ml", lane=~"express|regular", outcome="ok"}' +
        "[$__rate_interval])",
    );
  });

  test("loses le in a quantile", () => {
    const p95 = quantile(0.95, aggregate("sum", buckets("mcp_task_latency_seconds"), ["type", "le"]));
    expect(p95.labels).toEqual(["type"]);
    expect(text(p95)).toMatch(
      /^histogram_quantile\(0\.95, sum by \(type, le\) \(rate\(mcp_task_latency_seconds_bucket/,
    );
  });

  test("a share of nothing is 0, not NaN", () => {
    const depth = aggregate("max", gauge("mcp_dlq_depth"));
    expect(text(share(depth, depth))).toMatch(/clamp_min\(.*, 1e-9\)/);
  });

  test("lists the values of a label of the metric", () => {
    expect(labelValues("mcp_queue_depth", "type", ["job"])).toBe('label_values(mcp_queue_depth{job=~"$job"}, type)');
  });
});

describe("names that are not in the contract do not compile", () => {
  test("metrics, kinds, labels to match, to group by and to list", () => {
    // @ts-expect-error no such metric
    const metric = () => gauge("mcp_queue_length");
    // @ts-expect-error a counter is not a gauge
    const kind = () => gauge("mcp_tasks_completed_total");
    // @ts-expect-error depth has no reason
    const matcher = () => gauge("mcp_queue_depth", { reason: "poison" });
    // @ts-expect-error the dead letter queue has no type
    const grouping = () => aggregate("max", gauge("mcp_dlq_depth"), ["type"]);
    // @ts-expect-error the sum has lost its lane
    const lost = () => aggregate("max", aggregate("sum", gauge("mcp_queue_depth"), ["type"]), ["lane"]);
    // @ts-expect-error depth has no reason to list
    const listed = () => labelValues("mcp_queue_depth", "reason");
    expect([metric, kind, matcher, grouping, lost, listed]).toHaveLength(6);
  });
});
