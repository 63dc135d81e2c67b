import { describe, expect, test } from "vitest";
import { BUNDLE, type Bundle, resolveBundle } from "../bundle/index.ts";
import type { Alert, Signal } from "../catalogue/alert.ts";
import { alertNamed, buildCatalogue, CATALOGUE } from "../catalogue/index.ts";
import type { PanelKey } from "../panels.ts";
import { binary, call, type Expression, firstOf, max, number, selector, sum } from "../promql/expression.ts";
import { alertsInState, bucketsOver, counterOver, recorded, series, targetsUp } from "../promql/series.ts";
import { hours, minutes, seconds } from "../timing.ts";
import { assertLinted, lintRules, RuleLintError } from "./lint.ts";
import type { Check } from "./shape.ts";

const SCOPED = resolveBundle({
  job: "orders-orchestrator",
  selector: { env: "prod" },
  scope: {
    labels: ["cluster", "namespace"],
    installations: [{ cluster: "eu", namespace: "orders" }],
    replicaLabels: ["prometheus_replica"],
  },
});

test.each([
  ["as bundle.config.ts configures them", CATALOGUE],
  ["without any configuration", buildCatalogue(resolveBundle({}))],
  ["with scope labels, in a pair", buildCatalogue(SCOPED)],
])("the rules have no findings %s", (_, catalogue) => {
  expect(() => assertLinted(catalogue)).not.toThrow();
});

/** The findings of a catalogue of one alert. */
function findingsOf(alert: Partial<Alert>, bundle: Bundle = BUNDLE): string[] {
  const whole = { ...alertNamed("QueueDepthSpike"), ...alert } as Alert<"QueueDepthSpike">;
  return lintRules({ bundle, groups: [{ name: "example", alerts: [whole] }] }).map(
    ({ rule, check, message }) => `${rule} [${check}]: ${message}`,
  );
}

/** The findings of a signal that an alert compares with a threshold. */
function findingsOfSignal(expression: Expression, labels: readonly string[] = [], bundle?: Bundle): string[] {
  const signal: Signal = { record: "example:metric:op", labels, expression };
  return findingsOf(
    { signal, expression: binary(recorded(signal.record), ">", number(5)), description: "", summary: "" },
    bundle,
  );
}

const crashes = counterOver("mcp_worker_crashes_total", minutes(5));
const depth = series("mcp_queue_depth");
const failedRequests = counterOver("mcp_http_requests_total", minutes(5), { cause: ["redis", "internal"] });
const allRequests = counterOver("mcp_http_requests_total", minutes(5));

/** Each row is a mistake of a recorded signal, and what is reported. */
const SIGNALS: readonly [
  what: string,
  check: Check,
  expression: Expression,
  labels: readonly string[],
  part: string,
][] = [
  ["a raw counter", "counter", binary(series("mcp_worker_crashes_total"), ">", number(3)), [], "take rate or increase"],
  [
    "a sum of raw counters",
    "counter",
    sum([], series("mcp_worker_crashes_total")),
    [],
    "adds up counters before their rate",
  ],
  ["a maximum of a raw counter", "counter", call("max_over_time", crashes), [], "uses a counter as it is"],
  ["a rate of a gauge", "counter", sum([], call("rate", depth)), [], "takes a gauge"],
  [
    "raw buckets in a division",
    "counter",
    binary(sum([], series("mcp_tasks_failed_total")), "/", number(2)),
    [],
    "adds up counters",
  ],
  [
    "a group by a label that is not there",
    "labels",
    sum(["instanze"], call("rate", crashes)),
    [],
    "groups by instanze",
  ],
  ["a group by a label dropped inside", "labels", max(["type"], sum([], call("rate", crashes))), [], "groups by type"],
  [
    "sides with other labels",
    "labels",
    binary(sum(["type"], depth), "/", sum([], depth)),
    ["type"],
    "one side alone has type",
  ],
  [
    "a matching on a label dropped on one side",
    "labels",
    binary(sum(["type"], depth), "and", sum([], depth), ["type"]),
    ["type"],
    "matches on type, which one side has dropped",
  ],
  [
    "a join of many with one",
    "labels",
    binary(sum(["type", "lane"], depth), "*", sum(["type"], depth), ["type"]),
    ["type"],
    "drops lane, so that several samples match one",
  ],
  ["a label that is not declared", "labels", sum(["type"], depth), [], "keeps type, which it does not declare"],
  [
    "a label that is declared and dropped",
    "labels",
    sum([], depth),
    ["type"],
    "declares type, which its expression drops",
  ],
  [
    "a quantile without buckets",
    "labels",
    call(
      "histogram_quantile",
      number(0.95),
      sum(["type"], call("rate", bucketsOver("mcp_task_latency_seconds", minutes(5)))),
    ),
    ["type"],
    "has no label le",
  ],
  [
    "a gauge below 0",
    "comparison",
    binary(sum([], depth), "<", number(0)),
    [],
    "is never true: the left side is from 0",
  ],
  ["a gauge that is 0 or more", "comparison", binary(sum([], depth), ">=", number(0)), [], "is always true"],
  ["a state above 1", "comparison", binary(max([], series("mcp_redis_up")), ">", number(1)), [], "is never true"],
  ["a state that is neither", "comparison", binary(max([], targetsUp), "==", number(2)), [], "is never true"],
  [
    "a share in percent",
    "comparison",
    binary(
      binary(sum([], call("increase", failedRequests)), "/", sum([], call("increase", allRequests))),
      ">",
      number(5),
    ),
    [],
    "is never true: the left side is from 0 to 1",
  ],
  [
    "a quantile above its last bucket",
    "comparison",
    binary(
      call(
        "histogram_quantile",
        number(0.95),
        sum(["le"], call("rate", bucketsOver("mcp_task_latency_seconds", minutes(5)))),
      ),
      ">",
      number(300),
    ),
    [],
    "from 0 to 300",
  ],
  [
    "a metric that does not exist",
    "selector",
    max([], selector("mcp_queue_dept", [])),
    [],
    "the metric contract does not have it",
  ],
  ["a series that nothing records", "selector", recorded("service:gone:max"), [], "nothing records it before"],
  [
    "a label that the metric has not",
    "selector",
    max([], selector("mcp_queue_depth", [{ label: "reason", operator: "=", value: "timeout" }])),
    [],
    "mcp_queue_depth has no label reason",
  ],
  [
    "a value that the label never has",
    "selector",
    max([], selector("mcp_queue_depth", [{ label: "lane", operator: "=", value: "fast" }])),
    [],
    "lane is one of express, regular",
  ],
  [
    "a bucket that the histogram has not",
    "selector",
    sum([], call("increase", bucketsOver("mcp_task_latency_seconds", minutes(5), { le: "0.2" }))),
    [],
    "le is one of +Inf, 0.001",
  ],
  [
    "a pattern that matches the empty label",
    "selector",
    max([], selector("mcp_queue_depth", [{ label: "type", operator: "=~", value: "ml|" }])),
    [],
    "also matches series without the label",
  ],
  ["an alert that is not in the catalogue", "selector", alertsInState("QueueDepthSpyke", "firing"), [], "reads ALERTS"],
  [
    "a window shorter than four scrapes",
    "cost",
    sum([], call("rate", counterOver("mcp_worker_crashes_total", seconds(30)))),
    [],
    "holds fewer than 4 scrapes",
  ],
  [
    "all buckets over an hour",
    "cost",
    sum([], call("rate", bucketsOver("mcp_task_latency_seconds", hours(1)))),
    [],
    "samples at each evaluation",
  ],
];

test.each(SIGNALS)("%s is a finding of %s", (_, check, expression, labels, part) => {
  const own = findingsOfSignal(expression, labels).filter((finding) => finding.includes(`[${check}]`));
  expect(own.join("\n")).toContain(part);
  expect(own[0]).toMatch(/^example:metric:op /);
});

test("an installation's label that a rule drops is a finding", () => {
  expect(findingsOfSignal(sum(["type"], depth), ["type"], SCOPED).join("\n")).toContain(
    "drops the scope label namespace",
  );
});

describe("of an alert, a finding is", () => {
  const { expression, signal } = alertNamed("QueueDepthSpike");

  test("a text with a label that the expression drops", () => {
    const summary = "Queue {{ $labels.queue }} of {{ $labels.instance }}";
    expect(findingsOf({ summary })).toEqual([
      "QueueDepthSpike [template]: the summary prints $labels.instance, which the expression drops: keep it, or remove it from the text",
    ]);
  });

  test("a text with a label that only some samples have, unless it asks first", () => {
    const alert = alertNamed("SwitchLeftOn");
    expect(findingsOf(alert)).toEqual([]);
    expect(findingsOf({ ...alert, summary: "{{ $labels.type }}" })).toEqual([
      expect.stringContaining("the summary prints $labels.type"),
    ]);
  });

  test("a condition that every sample fulfils", () => {
    expect(findingsOf({ expression: recorded(signal?.record ?? "") })).toEqual([
      "QueueDepthSpike [comparison]: fires for every sample: compare it with a threshold",
    ]);
  });

  test("a branch without a condition", () => {
    expect(findingsOf({ expression: firstOf(expression, recorded(signal?.record ?? "")) }).join("\n")).toContain(
      "fires for every sample",
    );
  });

  test("no `for`, so that a restart of Prometheus fires it", () => {
    expect(findingsOf({ forMs: 0 }).join("\n")).toContain("give it a for");
  });

  test("a link to a panel that does not exist", () => {
    const linked = { ...BUNDLE, links: { ...BUNDLE.links, dashboards: "https://grafana.example" } };
    expect(findingsOf({ panel: "gone" as PanelKey }, linked).join("\n")).toContain("names no panel of the dashboard");
  });

  test("a link to a page that is not generated", () => {
    const elsewhere = { ...BUNDLE, links: { ...BUNDLE.links, runbooks: "https://wiki.example/?page=" } };
    expect(findingsOf({}, elsewhere).join("\n")).toContain("is not a page that is generated");
  });
});

test("an override that can never be true is reported with its alert", () => {
  const catalogue = buildCatalogue({ ...resolveBundle({}), thresholds: { TaskFailureRateHigh: 5 } });
  const attempt = () => assertLinted(catalogue);
  expect(attempt).toThrow(RuleLintError);
  expect(attempt).toThrow(/^TaskFailureRateHigh \[comparison\]: .* > 5 is never true/);
});
