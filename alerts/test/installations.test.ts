import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { resolveBundle } from "../src/bundle/index.ts";
import type { Alert } from "../src/catalogue/alert.ts";
import { buildCatalogue, type Catalogue } from "../src/catalogue/index.ts";
import type { Case } from "../src/catalogue/samples.ts";
import { counter, gauge } from "../src/catalogue/scrapes.ts";
import { renderPrometheusConfig } from "../src/render/prometheusConfig.ts";
import { promtoolDocument, renderPromtoolTests } from "../src/render/promtoolTests.ts";
import { renderRules } from "../src/render/rules.ts";
import { PRODUCTION } from "../src/timing.ts";
import { promtool } from "../src/tools/releases.ts";
import { type Outcome, run } from "../src/tools/run.ts";

/** The catalogue as installations other than the shipped one have it, held against the same hand-written samples. */

/** Everything that an operator can set beside thresholds, set at once. */
const ANOTHER = {
  job: "orders-orchestrator",
  selector: { env: "prod" },
  scope: { labels: ["cluster", "namespace"], installations: [{ cluster: "eu", namespace: "orders" }] },
  alertLabels: { team: "payments", region: "eu" },
  links: { runbooks: "https://runbooks.example/mcp", dashboards: "https://grafana.example" },
} as const;

const PAIR = {
  scope: {
    labels: ["cluster", "namespace"],
    installations: [
      { cluster: "eu", namespace: "orders" },
      { cluster: "eu", namespace: "billing" },
    ],
    replicaLabels: ["prometheus_replica"],
  },
} as const;

const catalogueOf = (config: object) => buildCatalogue(resolveBundle(config));
const alertsOf = ({ groups }: Catalogue) => groups.flatMap(({ alerts }) => alerts);

async function promtoolTest(catalogue: Catalogue, tests: string): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), "installations-"));
  try {
    await writeFile(join(folder, "rules.yml"), renderRules(PRODUCTION, catalogue));
    await writeFile(join(folder, "test.yml"), tests);
    return await run(promtool("3.5"), ["test", "rules", "test.yml"], { cwd: folder });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe("in another installation", () => {
  const catalogue = catalogueOf(ANOTHER);
  test.each(alertsOf(catalogue))("$name does what its samples say", async (alert) => {
    expect(await promtoolTest(catalogue, renderPromtoolTests("rules.yml", [alert]))).toMatchObject({ ok: true });
  });
});

test.each([
  ["a renamed job", { job: "orders-orchestrator" }],
  ["one scope label", { scope: { labels: ["namespace"], installations: [{ namespace: "orders" }] } }],
  ["no links", { links: {} }],
])("what looks at targets does what its samples say with %s", async (_, config) => {
  const catalogue = catalogueOf(config);
  const alerts = alertsOf(catalogue).filter(({ name }) => ["OrchestratorTargetDown", "NoActiveWorkers"].includes(name));
  expect(alerts).toHaveLength(2);
  expect(await promtoolTest(catalogue, renderPromtoolTests("rules.yml", alerts))).toMatchObject({ ok: true });
});

/** The series of a case, each once for every value of a label. */
function copied(story: Case, label: string, values: readonly string[]): Case {
  const series = Object.entries(story.series).flatMap(([name, samples]) =>
    values.map((value) => [
      name.includes("{") ? name.replace(/}$/, `, ${label}="${value}"}`) : `${name}{${label}="${value}"}`,
      samples,
    ]),
  );
  return { ...story, series: Object.fromEntries(series) };
}

const withCases = (alert: Alert, change: (story: Case) => Case): Alert => ({
  ...alert,
  samples: { ...alert.samples, cases: alert.samples.cases.map(change) },
});

describe("a ruler that sees what both servers of a pair scraped adds nothing up", () => {
  const catalogue = catalogueOf({ ...ANOTHER, scope: { ...ANOTHER.scope, replicaLabels: ["prometheus_replica"] } });
  test.each(alertsOf(catalogue))("for $name", async (alert) => {
    const twice = withCases(alert, (story) => copied(story, "prometheus_replica", ["one", "two"]));
    expect(await promtoolTest(catalogue, renderPromtoolTests("rules.yml", [twice]))).toMatchObject({ ok: true });
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
    expect(await promtoolTest(catalogue, promtoolDocument("rules.yml", [depth("2000"), depth("2001")]))).toMatchObject({
      ok: true,
    });
  });

  test("the alerts whose thresholds ship still do what their samples say", async () => {
    const tests = renderPromtoolTests(
      "rules.yml",
      alertsOf(catalogue).filter(({ name }) => ["QueueDepthSpike", "HighConsumerLag"].includes(name)),
    );
    expect(tests).toContain("# Left out, since their thresholds are overridden: QueueDepthSpike\n");
    expect(await promtoolTest(catalogue, tests)).toMatchObject({ ok: true });
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

describe("two installations in one Prometheus", () => {
  const catalogue = catalogueOf(PAIR);
  const orders = { cluster: "eu", namespace: "orders" };
  const billing = { cluster: "eu", namespace: "billing" };
  const of = (labels: object, more: object = {}) =>
    Object.entries({ ...labels, ...more })
      .map(([label, value]) => `${label}="${value}"`)
      .join(", ");
  const up = (where: object) => `up{${of(where, { job: "mcp-orchestrator", instance: "a:8000" })}}`;
  const workers = (where: object) => `mcp_active_workers{${of(where, { type: "ml", instance: "a:8000" })}}`;
  const healthy = (where: object) => ({ [up(where)]: gauge({ "0s": 1 }), [workers(where)]: gauge({ "0s": 2 }) });

  const page = { severity: "critical", service: "mcp-orchestrator", team: "platform", page: "true" };
  const story = (
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

  const stories = [
    story(
      "workers of one are gone",
      "NoActiveWorkers",
      page,
      { ...healthy(orders), ...healthy(billing), [workers(orders)]: gauge({ "0s": 0 }) },
      [orders],
    ),
    story(
      "one cannot be scraped",
      "NoActiveWorkers",
      page,
      { ...healthy(billing), [up(orders)]: gauge({ "0s": 0 }), [workers(orders)]: gauge({ "0s": 2, "1m": "stale" }) },
      [orders],
    ),
    story(
      "one is gone from discovery",
      "NoActiveWorkers",
      page,
      {
        ...healthy(billing),
        [up(orders)]: gauge({ "0s": 1, "1m": "stale" }),
        [workers(orders)]: gauge({ "0s": 2, "1m": "stale" }),
      },
      [orders],
    ),
    story("both are gone from discovery", "NoActiveWorkers", page, { mcp_dlq_depth: gauge({ "0s": 0 }) }, [
      orders,
      billing,
    ]),
    story("both are well", "NoActiveWorkers", page, { ...healthy(orders), ...healthy(billing) }, []),
    story(
      "crashes of two installations are not added up",
      "WorkerCrashRateHigh",
      { severity: "critical", service: "mcp-orchestrator", team: "platform" },
      Object.fromEntries(
        [orders, billing].flatMap((where) => [
          [up(where), gauge({ "0s": 1 })],
          [
            `mcp_worker_crashes_total{${of(where, { type: "ml", reason: "exit", instance: "a:8000" })}}`,
            counter({ "0s": where === orders ? 9 : 6 }),
          ],
        ]),
      ),
      [orders],
      "30m",
    ),
    story(
      "the heartbeat names both",
      "Watchdog",
      { severity: "none", service: "mcp-orchestrator", team: "platform" },
      healthy(orders),
      [orders, billing],
    ),
  ];

  test.each(stories)("$name", async ({ name, alert, series, at, firing }) => {
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
    expect(await promtoolTest(catalogue, document)).toMatchObject({ ok: true });
  });
});
