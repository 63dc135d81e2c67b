import { CIRCUIT_STATES } from "mcp-orchestrator/contract";
import type { PanelSpec, State } from "../model/panel.ts";
import { buckets, gauge, histogramSum, rate } from "../query/metrics.ts";
import { add, aggregate, quantile, share } from "../query/vector.ts";

const byUpstream = aggregate("sum", buckets("mcp_upstream_request_duration_seconds"), ["upstream", "le"]);
const badRate = rate("mcp_upstream_requests_total", { outcome: ["error", "timeout", "denied", "rejected"] });
const bad = aggregate("sum", badRate, ["upstream"]);
const ok = aggregate("sum", rate("mcp_upstream_requests_total", { outcome: "ok" }), ["upstream"]);

const STATE_COLORS = { closed: "green", half_open: "yellow", open: "red" } as const;

/** The external APIs that handlers call. */
export const upstreams = {
  requests: {
    key: "upstream-requests",
    kind: "timeseries",
    title: "Upstream requests",
    meaning:
      "Requests to external APIs, per second, by outcome. Denied: the upstream refuses this client (credentials, quota). Rejected ones never left: the breaker was open.",
    good: "Nearly all ok.",
    runbooks: ["TaskFailureRateHigh", "ExpressLatencyHigh"],
    unit: "reqps",
    min: 0,
    stacked: true,
    series: [{ query: aggregate("sum", rate("mcp_upstream_requests_total"), ["outcome"]), legend: "{{outcome}}" }],
    colors: { ok: "green", error: "red", timeout: "orange", denied: "semi-dark-red", rejected: "purple" },
  },
  requestsByUpstream: {
    key: "upstream-requests-by-upstream",
    kind: "timeseries",
    title: "Requests by upstream and outcome",
    meaning: "Requests to each external API, per second, by outcome.",
    good: "Nearly all ok.",
    runbooks: ["TaskFailureRateHigh"],
    unit: "reqps",
    min: 0,
    series: [
      // First, because Grafana's first colour is green and its fifth red.
      { query: ok, legend: "{{upstream}} ok" },
      { query: aggregate("sum", badRate, ["upstream", "outcome"]), legend: "{{upstream}} {{outcome}}" },
    ],
  },
  errorShare: {
    key: "upstream-error-share",
    kind: "timeseries",
    title: "Upstream error share",
    meaning: "Requests that did not succeed, as a share, by upstream.",
    good: "Near 0.",
    runbooks: ["TaskFailureRateHigh"],
    unit: "percentunit",
    min: 0,
    max: 1,
    series: [{ query: share(bad, add(bad, ok)), legend: "{{upstream}}" }],
  },
  latency: {
    key: "upstream-latency",
    kind: "timeseries",
    title: "Upstream p95",
    meaning: "95 of 100 requests to an external API were answered within this time.",
    good: "Well under the latency that express tasks may take: they wait for it.",
    runbooks: ["ExpressLatencyHigh", "ExpressLatencyCritical"],
    unit: "s",
    min: 0,
    series: [{ query: quantile(0.95, byUpstream), legend: "{{upstream}}" }],
  },
  heatmap: {
    key: "upstream-latency-heatmap",
    kind: "heatmap",
    title: "Upstream latency, distribution",
    meaning: "Requests to external APIs answered per second, by how long they took.",
    good: "One band for each upstream.",
    runbooks: ["ExpressLatencyHigh"],
    unit: "s",
    buckets: aggregate("sum", buckets("mcp_upstream_request_duration_seconds"), ["le"]),
  },
  concurrency: {
    key: "upstream-concurrency",
    kind: "timeseries",
    title: "Requests in flight",
    meaning: "Mean number of requests that wait for an upstream at one time.",
    good: "Far below the limit on concurrent requests.",
    runbooks: ["HighConsumerLag"],
    unit: "short",
    min: 0,
    series: [
      {
        query: aggregate("sum", histogramSum("mcp_upstream_request_duration_seconds"), ["upstream"]),
        legend: "{{upstream}}",
      },
    ],
  },
  breakers: {
    key: "circuit-breakers",
    kind: "state-timeline",
    title: "Circuit breakers",
    meaning: "Worst state of each upstream's breaker over all workers and replicas.",
    good: "Closed. Open means that the upstream is down: its tasks wait, and none is lost.",
    runbooks: ["TaskFailureRateHigh", "ExpressLatencyCritical"],
    unit: "short",
    series: [{ query: aggregate("max", gauge("mcp_circuit_state"), ["upstream"]), legend: "{{upstream}}" }],
    states: CIRCUIT_STATES.map((state): State => ({ text: state.replace("_", " "), color: STATE_COLORS[state] })),
  },
} satisfies Record<string, PanelSpec>;
