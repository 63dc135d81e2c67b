import { describe, expect, test } from "vitest";
import { resolveBundle } from "../src/bundle/index.ts";
import type { Alert } from "../src/catalogue/alert.ts";
import { buildCatalogue, type Catalogue } from "../src/catalogue/index.ts";
import { counter, gauge } from "../src/catalogue/samples/scrapes.ts";
import { renderPrometheusConfig } from "../src/render/prometheusConfig.ts";
import { promtoolDocument, renderPromtoolTests } from "../src/render/promtoolTests.ts";
import { renderRules } from "../src/render/ruleFile.ts";
import { PRODUCTION } from "../src/timing.ts";
import { promtool } from "../src/tools/releases.ts";
import { promtoolTest } from "../src/tools/run.ts";

/** The catalogue as installations other than the shipped one have it, held against the same hand-written samples. */

/** Everything that an operator can set beside thresholds, set at once. */
const ANOTHER = {
  job: "orders-orchestrator",
  selector: { env: "prod" },
  scope: { labels: ["cluster", "namespace"], installations: [{ cluster: "eu", namespace: "orders" }] },
  alertLabels: { team: "payments", region: "eu" },
  // As many as its samples have: ReplicasMissing would be left out otherwise.
  expectedReplicas: 2,
  links: { runbooks: "https://runbooks.example/mcp", dashboards: "https://grafana.example" },
} as const;

const ORDERS = { cluster: "eu", namespace: "orders" };
const BILLING = { cluster: "eu", namespace: "billing" };
/** The same installation in another cluster. */
const ELSEWHERE = { ...ORDERS, cluster: "us" };

const PAIR = {
  scope: {
    labels: ["cluster", "namespace"],
    installations: [ORDERS, BILLING],
    replicaLabels: ["prometheus_replica"],
  },
} as const;

const catalogueOf = (config: object) => buildCatalogue(resolveBundle(config));
const alertsOf = ({ groups }: Catalogue) => groups.flatMap(({ alerts }) => alerts);

/** The rules that an alert needs, and no others: all of them for every sample take minutes. */
const only = (catalogue: Catalogue, { name }: Alert): Catalogue => ({
  ...catalogue,
  groups: catalogue.groups.map(({ alerts, ...group }) => ({
    ...group,
    alerts: alerts.filter((alert) => alert.name === name),
  })),
});

/** promtool evaluates groups in a random order otherwise, and looks at the first instant before some of them. */
const groupsOf = ({ groups }: Catalogue): string[] => groups.map(({ name }) => name);

const tried = (catalogue: Catalogue, tests: string) =>
  promtoolTest(promtool("3.5"), renderRules(PRODUCTION, catalogue), tests);

describe.each([
  ["in another installation", ANOTHER],
  [
    "where a ruler sees what both servers of a pair scraped",
    { ...ANOTHER, scope: { ...ANOTHER.scope, replicaLabels: ["prometheus_replica"] } },
  ],
])("%s", (_, config) => {
  const catalogue = catalogueOf(config);
  test.each(alertsOf(catalogue))("$name does what its samples say", async (alert) => {
    const tests = renderPromtoolTests("rules.yml", [alert], groupsOf(catalogue));
    expect(await tried(only(catalogue, alert), tests)).toMatchObject({ ok: true });
  });
});

test.each([
  ["a renamed job", { job: "orders-orchestrator" }],
  ["one scope label", { scope: { labels: ["namespace"], installations: [{ namespace: "orders" }] } }],
  ["several installations", { scope: { ...PAIR.scope, replicaLabels: [] } }],
  ["no links", { links: {} }],
])("what looks at targets does what its samples say with %s", async (_, config) => {
  const catalogue = catalogueOf(config);
  const named = ["OrchestratorTargetDown", "NoActiveWorkers", "Watchdog"];
  const alerts = alertsOf(catalogue).filter(({ name }) => named.includes(name));
  expect(alerts).toHaveLength(named.length);
  expect(await tried(catalogue, renderPromtoolTests("rules.yml", alerts, groupsOf(catalogue)))).toMatchObject({
    ok: true,
  });
});

describe("with the thresholds of the documented override", () => {
  const catalogue = catalogueOf({ thresholds: { QueueDepthSpike: 2000, ExpressLatencyHigh: 0.25 } });
  const depth = (above: string) => ({
    name: above,
    interval: "15s",
    input_series: [{ series: 'mcp_queue_depth{queue="q", type="ml", lane="regular"}', values: `${above}x40` }],
    promql_expr_test: [
      {
        expr: 'count(ALERTS{alertname="QueueDepthSpike", alertstate="firing"}) or vector(0)',
        eval_time: "6m",
        exp_samples: [{ labels: "{}", value: above === "2001" ? 1 : 0 }],
      },
    ],
  });

  test("the rules alert at them, and not before", async () => {
    expect(await tried(catalogue, promtoolDocument("rules.yml", [depth("2000"), depth("2001")]))).toMatchObject({
      ok: true,
    });
  });

  test("alerts with default thresholds still pass their samples", async () => {
    const tests = renderPromtoolTests(
      "rules.yml",
      alertsOf(catalogue).filter(({ name }) => ["QueueDepthSpike", "HighConsumerLag"].includes(name)),
    );
    expect(tests).toContain("# Left out, since their thresholds are overridden: QueueDepthSpike\n");
    expect(await tried(catalogue, tests)).toMatchObject({ ok: true });
  });
});

test("the servers of a pair send the same alerts", () => {
  const { bundle } = catalogueOf({
    ...PAIR,
    externalLabels: { cluster: "eu", prometheus_replica: "one" },
  });
  const paths = { orchestrator: { targets: ["a:8000"] }, alertmanager: "b:9093", ruleFile: "rules.yml" };
  const config = renderPrometheusConfig(PRODUCTION, paths, bundle);
  expect(config).toContain("external_labels:\n    cluster: eu\n    prometheus_replica: one\n");
  expect(config).toContain("- action: labeldrop\n      regex: prometheus_replica\n");
  expect(renderPrometheusConfig(PRODUCTION, paths, resolveBundle({}))).not.toMatch(/external_labels|relabel/);
});

describe.each([
  ["in one Prometheus", BILLING],
  ["of two clusters, read by one ruler", ELSEWHERE],
])("two installations %s", (_, other) => {
  const catalogue = catalogueOf({ scope: { ...PAIR.scope, installations: [ORDERS, other] } });
  const of = (labels: object, more: object = {}) =>
    Object.entries({ ...labels, ...more })
      .map(([label, value]) => `${label}="${value}"`)
      .join(", ");
  const up = (where: object) => `up{${of(where, { job: "mcp-orchestrator", instance: "a:8000" })}}`;
  const workers = (where: object) => `mcp_active_workers{${of(where, { type: "ml", instance: "a:8000" })}}`;
  const healthy = (where: object) => ({ [up(where)]: gauge({ "0s": 1 }), [workers(where)]: gauge({ "0s": 2 }) });

  const page = { severity: "critical", service: "mcp-orchestrator", team: "platform", page: "true" };
  const scenario = (
    name: string,
    alert: string,
    labels: object,
    series: Record<string, string>,
    firing: readonly object[],
    at = "10m",
  ) => ({
    name,
    alert,
    series,
    at,
    firing: firing.map((where) => `ALERTS{${of({ alertname: alert, alertstate: "firing", ...labels, ...where })}}`),
  });

  const scenarios = [
    scenario(
      "workers of one are gone",
      "NoActiveWorkers",
      page,
      { ...healthy(ORDERS), ...healthy(other), [workers(ORDERS)]: gauge({ "0s": 0 }) },
      [ORDERS],
    ),
    scenario(
      "one cannot be scraped",
      "NoActiveWorkers",
      page,
      { ...healthy(other), [up(ORDERS)]: gauge({ "0s": 0 }), [workers(ORDERS)]: gauge({ "0s": 2, "1m": "stale" }) },
      [ORDERS],
    ),
    scenario(
      "one is gone from discovery",
      "NoActiveWorkers",
      page,
      {
        ...healthy(other),
        [up(ORDERS)]: gauge({ "0s": 1, "1m": "stale" }),
        [workers(ORDERS)]: gauge({ "0s": 2, "1m": "stale" }),
      },
      [ORDERS],
    ),
    scenario("both are gone from discovery", "NoActiveWorkers", page, { mcp_dlq_depth: gauge({ "0s": 0 }) }, [
      ORDERS,
      other,
    ]),
    scenario("both are healthy", "NoActiveWorkers", page, { ...healthy(ORDERS), ...healthy(other) }, []),
    scenario(
      "crashes of two installations are not added up",
      "WorkerCrashRateHigh",
      { severity: "critical", service: "mcp-orchestrator", team: "platform" },
      Object.fromEntries(
        [ORDERS, other].flatMap((where) => [
          [up(where), gauge({ "0s": 1 })],
          [
            `mcp_worker_crashes_total{${of(where, { type: "ml", reason: "exit", instance: "a:8000" })}}`,
            counter({ "0s": where === ORDERS ? 9 : 6 }),
          ],
        ]),
      ),
      [ORDERS],
      "30m",
    ),
    scenario(
      "the heartbeat names both",
      "Watchdog",
      { severity: "none", service: "mcp-orchestrator", team: "platform" },
      healthy(ORDERS),
      [ORDERS, other],
    ),
  ];

  test.each(scenarios)("$name", async ({ name, alert, series, at, firing }) => {
    const document = promtoolDocument("rules.yml", [
      {
        name,
        interval: "15s",
        input_series: Object.entries(series).map(([key, values]) => ({ series: key, values })),
        promql_expr_test: [
          {
            expr: `ALERTS{alertname="${alert}", alertstate="firing"}`,
            eval_time: at,
            exp_samples: firing.map((labels) => ({ labels, value: 1 })),
          },
        ],
      },
    ]);
    expect(await tried(catalogue, document)).toMatchObject({ ok: true });
  });
});
