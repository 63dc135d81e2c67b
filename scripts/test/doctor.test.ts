import { spawnSync } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { AlertmanagerConfig } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1alpha1";
import {
  BUNDLE,
  type Bundle,
  buildCatalogue,
  PRODUCTION,
  parseDuration,
  prometheusFlags,
  renderRules,
  resolveBundle,
  ruleFile,
} from "@mcp-orchestrator/alerts";
import { PROMETHEUS_RELEASES, prometheus as prometheusOf } from "@mcp-orchestrator/alerts/tools";
import { dump } from "js-yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kustomize } from "../../deploy/kubernetes/test/support/kustomize.ts";
import { asTheOperatorDoes, SECRET_VALUE } from "../../deploy/kubernetes/test/support/operator.ts";
import { type Stack, startStack } from "../../e2e/stack/stack.ts";
import { freePort } from "../../e2e/testkit/ports.ts";
import {
  ALERTMANAGER_CONFIG,
  startAlertmanager,
  type TestAlertmanager,
} from "../../e2e/testkit/servers/alertmanager.ts";
import { nativeRuntime } from "../../e2e/testkit/servers/native.ts";
import { PROMETHEUS_CONFIG, startPrometheus, type TestPrometheus } from "../../e2e/testkit/servers/prometheus.ts";
import { until } from "../../e2e/testkit/until.ts";
import type { CheckContext } from "../doctor/checks/check.ts";
import { rules } from "../doctor/checks/rules.ts";
import { targets } from "../doctor/checks/targets.ts";
import { examine } from "../doctor/examine.ts";
import type { Finding, Status } from "../doctor/finding.ts";
import { inNamespace, installationOf } from "../doctor/installation.ts";
import { findingsOf } from "../doctor/report.ts";
import { AlertmanagerApi, PrometheusApi } from "../doctor/servers.ts";

/** The doctor with real servers: healthy ones of the product, and broken ones. */

const OVERLAY = fileURLToPath(new URL("../../deploy/kubernetes/overlays/another-namespace", import.meta.url));
type Rules = { readonly spec: { readonly groups: readonly object[] } };
type Monitor = {
  readonly spec: {
    readonly endpoints: readonly [{ readonly relabelings: readonly { targetLabel: string; replacement: string }[] }];
  };
};
const RULE_FILE = "mcp-orchestrator.rules.yml";
/** At production timing, scrapes, evaluations and heartbeats need this long until nothing is missing. */
const SETTLED_MS = 90_000;
/** Bound of a hanging start of the whole stack, as in its own suites. */
const START_MS = 120_000;

const { groups } = ruleFile(PRODUCTION);
/** Groups that are not evaluated yet when everything else has settled: their interval is longer. */
const NOT_EVALUATED = groups
  .filter(({ interval }) => parseDuration(interval) > SETTLED_MS)
  .map(({ name }) => `${name}: has not been evaluated yet`);
/** What is missing where Prometheus scrapes neither itself nor Alertmanager. */
const UNWATCHED = [
  "alertmanager_notifications_failed_total",
  "prometheus_rule_evaluation_failures_total",
  "prometheus_config_last_reload_successful",
  "alertmanager_config_last_reload_successful",
];

let stack: Stack;
beforeAll(async () => {
  // The doctor compares with production timing.
  stack = await startStack({
    ...{ name: "doctor", profile: PRODUCTION, runtime: nativeRuntime(), rules: "by-caller", watchesAlerting: true },
  });
  await stack.prometheus.loadRules();
}, START_MS);
afterAll(() => stack[Symbol.asyncDispose]());

type Urls = { readonly prometheus: string; readonly alertmanager: string };

const contextOf = ({ prometheus, alertmanager }: Urls, bundle: Bundle): CheckContext => ({
  installation: installationOf(bundle),
  prometheus: new PrometheusApi({ url: prometheus }),
  alertmanager: new AlertmanagerApi({ url: alertmanager }),
  grafana: undefined,
  bundledDeadman: false,
  pause,
  follow: async (url) => (await fetch(url)).status,
});

const diagnose = async (urls: Urls, bundle: Bundle) => findingsOf(await examine(contextOf(urls, bundle)));

const withStatus = (status: Status, findings: readonly Finding[]) => findings.filter((each) => each.status === status);
const sentence = ({ subject, message }: Finding) => `${subject}: ${message}`;
const sentences = (findings: readonly Finding[]) => findings.map(sentence);

describe("the product's own stack", () => {
  const described = () =>
    resolveBundle({
      links: {
        runbooks: `${stack.inbox.url}/runbooks`,
        prometheus: stack.prometheus.url,
        alertmanager: stack.alertmanager.url,
      },
    });
  const own = () => ({ prometheus: stack.prometheus.url, alertmanager: stack.alertmanager.url });

  beforeAll(async () => {
    await stack.prometheus.server.write(RULE_FILE, renderRules(PRODUCTION, buildCatalogue(described())));
    await stack.prometheus.reload();
  });

  test("has no problem", async () => {
    const findings = await until("nothing but a warning", { timeoutMs: SETTLED_MS, intervalMs: 2_000 }, async () => {
      const all = (await diagnose(own(), described())).filter((each) => !NOT_EVALUATED.includes(sentence(each)));
      const broken = all.filter(({ status }) => status === "problem" || status === "warning");
      if (broken.length > 1) throw new Error(sentences(broken).join("\n"));
      return all;
    });
    // The stack has no Grafana.
    expect(withStatus("warning", findings)).toMatchObject([{ subject: "dashboards" }]);
    expect(withStatus("skipped", findings)).toEqual([]);
    expect(sentences(withStatus("ok", findings))).toEqual([
      expect.stringMatching(/^Prometheus: \d+\.\d+/),
      expect.stringMatching(/^Alertmanager: 0\.\d+/),
      "flags: those that the rules were tested with",
      "job: 1 target of job mcp-orchestrator, all up",
      "scrape interval: a sample every 15 s",
      expect.stringMatching(/^series: all \d\d that the rules read arrive/),
      ...groups.map(({ name, rules }) => `${name}: ${rules.length} rules, equal to the generated ones`),
      "Prometheus: Watchdog fires",
      `sending: to ${stack.alertmanager.url}/api/v2/alerts`,
      "Alertmanager: it has Watchdog, for deadman",
      expect.stringMatching(/^dead man's switch: \d+ requests to webhooks, none failed$/),
      "receivers: team-platform, slack-critical, slack-warnings, pagerduty, deadman",
      "routes: 5, as generated",
      expect.stringMatching(/^inhibitions: \d+, as generated$/),
      expect.stringMatching(/^runbooks: (\d+) of \1 open$/),
      "alertmanager: 1 of 1 open",
      "prometheus: 1 of 1 open",
      "source of an alert: 1 of 1 open",
    ]);
  });

  test("has one when the Watchdog is silenced, with the command that expires the silence", async () => {
    const id = await stack.alertmanager.silence({ alertname: "Watchdog" }, 600_000);
    const problems = await until("the silence", { timeoutMs: 10_000 }, async () => {
      const all = withStatus("problem", await diagnose(own(), described()));
      if (all.length === 0) throw new Error("no problem");
      return all;
    });
    expect(problems).toMatchObject([
      { subject: "Alertmanager", message: expect.stringContaining("silenced"), remedy: `amtool silence expire ${id}` },
    ]);
  });

  test("has others when another bundle is described", async () => {
    const other = resolveBundle({
      ...{ thresholds: { QueueDepthSpike: 400 }, alertLabels: { team: "payments" }, selector: { env: "prod" } },
      links: { runbooks: "http://127.0.0.1:9/runbooks" },
    });
    const findings = await diagnose(own(), other);
    const problems = sentences(withStatus("problem", findings));
    expect(problems).toContain('selector: the targets of job mcp-orchestrator do not have env="prod"');
    expect(problems.find((each) => each.startsWith("QueueDepthSpike: "))).toMatch(
      /it reads `[^`]* > 500 [^`]*`, not `[^`]* > 400 [^`]*`; label team is "platform", not "payments"/,
    );
    expect(findings).toContainEqual(
      expect.objectContaining({
        status: "warning",
        message: expect.stringMatching(
          /^texts or links of \d+ alerts differ, the first: HighACKFailureRate, annotation runbook_url is /,
        ),
      }),
    );
    expect(problems.find((each) => each.startsWith("runbooks: "))).toMatch(
      /^runbooks: http:\/\/127\.0\.0\.1:9\/runbooks\/HighACKFailureRate\.md cannot be opened: .*, and so do \d+ more$/,
    );
  });
});

describe("broken servers", () => {
  const DUPLICATE_FILE = "again.rules.yml";
  const drop = (regex: string) => ({ source_labels: ["__name__"], regex, action: "drop" });
  let prometheus: TestPrometheus;
  let alertmanager: TestAlertmanager;
  beforeAll(async () => {
    const target = `127.0.0.1:${stack.orchestrator.server.port}`;
    const job = (name: string, static_configs: object[], metric_relabel_configs: object[]) => ({
      ...{ job_name: name, scrape_interval: "1s", scrape_timeout: "1s" },
      ...{ static_configs, metric_relabel_configs },
    });
    const pair = ["a", "b"].map((replica) => ({ targets: [target], labels: { replica } }));
    const half = [{ targets: [target, `127.0.0.1:${await freePort()}`] }];
    const config = {
      rule_files: [RULE_FILE, DUPLICATE_FILE],
      scrape_configs: [
        job("orders", [{ targets: [target] }], [drop("mcp_dlq_depth"), { regex: "queue", action: "labeldrop" }]),
        job("pair", pair, [drop("mcp_.*")]),
        job("half", half, [drop("mcp_.*")]),
      ],
    };
    prometheus = await startPrometheus({
      files: {
        [PROMETHEUS_CONFIG]: JSON.stringify(config),
        [RULE_FILE]: JSON.stringify(changedRules()),
        [DUPLICATE_FILE]: JSON.stringify({ groups: changedRules().groups.slice(1) }),
      },
    });
    alertmanager = await startAlertmanager({
      files: () => ({
        [ALERTMANAGER_CONFIG]: JSON.stringify({
          route: { receiver: "elsewhere", group_wait: "0s" },
          receivers: [{ name: "elsewhere", webhook_configs: [{ url: "http://127.0.0.1:9/" }] }],
        }),
      }),
    });
    await alertmanager.post([{ labels: { alertname: "Watchdog", severity: "none" } }]);
  });
  afterAll(async () => {
    await prometheus[Symbol.asyncDispose]();
    await alertmanager[Symbol.asyncDispose]();
  });
  const broken = () => ({ prometheus: prometheus.url, alertmanager: alertmanager.url });

  /** The generated rules, every second, with one changed, one removed and one that cannot be evaluated. */
  function changedRules() {
    const { groups } = ruleFile(PRODUCTION, buildCatalogue(resolveBundle({ job: "orders" })));
    const [first, ...others] = groups.map((group) => ({ ...group, interval: "1s" }));
    const rules = (first?.rules ?? [])
      .filter((rule) => !("alert" in rule && rule.alert === "TaskFailureRateHigh"))
      .map((rule) => ("alert" in rule && rule.alert === "QueueDepthSpike" ? { ...rule, for: "1m" } : rule));
    const added = { alert: "Added", expr: 'label_replace(mcp_queue_depth, "lane", "x", "lane", ".*")' };
    return { groups: [{ ...first, rules: [...rules, added] }, ...others] };
  }

  test("have findings for everything that keeps alerts from firing and arriving, with what to do", async () => {
    const bundle = resolveBundle({ job: "orders" });
    const findings = await until("two scrapes and evaluations", { timeoutMs: 30_000 }, async () => {
      const { prometheus, alertmanager } = contextOf(broken(), bundle);
      const early = await Promise.all([prometheus.ruleGroups(), prometheus.sampleTimes('up{job="orders"}[5m]')]);
      const evaluated = early[0].every(({ rules }) => rules.every(({ health }) => health !== "unknown"));
      const sent = await alertmanager.requests("webhook");
      if (!evaluated || (early[1][0]?.length ?? 0) < 3 || sent?.failed === 0) throw new Error(JSON.stringify(early));
      return diagnose(broken(), bundle);
    });
    expect(sentences(withStatus("problem", findings))).toEqual([
      "mcp_consumer_group_lag{}: arrives without the label queue",
      "mcp_queue_depth{}: arrives without the label queue",
      'mcp_oldest_task_age_seconds{lane="express"}: arrives without the label queue',
      "mcp_oldest_task_age_seconds{}: arrives without the label queue",
      "mcp_dlq_depth{}: no series arrives: the alerts that read it cannot fire",
      ...UNWATCHED.map((metric) => expect.stringMatching(new RegExp(`^${metric}\\{.*\\}: no series arrives`))),
      "mcp-orchestrator: is evaluated every 1 s, not every 15s",
      "QueueDepthSpike: differs from the generated rule: for is 60 s, not 5m",
      "TaskFailureRateHigh: is not loaded",
      "Added: is loaded in mcp-orchestrator and not generated",
      expect.stringMatching(/^Added: its evaluation fails: .*same labelset/),
      ...groups
        .slice(1)
        .map(({ name }) =>
          expect.stringMatching(
            new RegExp(`^${name}: the group is loaded 2 times, from .*: every alert is sent as many times$`),
          ),
        ),
      "sending: Prometheus has no Alertmanager: no alert is sent",
      "Alertmanager: Watchdog goes to elsewhere and not to deadman",
      "dead man's switch: requests to webhooks fail",
      "receivers: team-platform, slack-critical, slack-warnings, pagerduty, deadman are missing",
      expect.stringMatching(/^routes: missing: alertname="Watchdog" to deadman; /),
    ]);
    expect(sentences(withStatus("warning", findings))).toEqual([
      "flags: different from those that the rules were tested with: --rules.alert.for-grace-period=10m",
      expect.stringMatching(/^inhibitions: (\d+) of \1 are missing, by alertname=/),
      "runbooks: not configured: alerts have no such link",
      "dashboards: not configured: alerts have no such link",
    ]);
    const unhelpful = findings.filter(
      ({ status, remedy = "" }) => /problem|warning/.test(status) && remedy.length < 20,
    );
    expect(unhelpful).toEqual([]);
  });

  test.each([
    [{}, 'job: no target has job="mcp-orchestrator"; metrics of the service arrive with job "orders"'],
    [{ job: "pair" }, "copies: each series arrives more than once, with another replica: sums count it as many times"],
    [{ job: "pair" }, /^job: metrics of the service also arrive with job "orders": the rules add up/],
    [{ job: "half" }, /^127\.0\.0\.1:\d+: the last scrape failed: .*connection refused/],
    [
      { job: "orders", scope: { labels: ["namespace"], installations: [{ namespace: "orders" }] } },
      "scope labels: targets without namespace: alerts about them belong to no installation",
    ],
    [
      { job: "pair", scope: { labels: ["replica"], installations: [{ replica: "a" }, { replica: "c" }] } },
      'installation: no target has replica="c"',
    ],
    [
      { job: "pair", scope: { labels: ["replica"], installations: [{ replica: "a" }] } },
      /^installation: targets with replica="b" belong to no installation of the bundle/,
    ],
  ])("scraped otherwise than %j says: %s", async (config, expected) => {
    const problems = await until("two scrapes", { timeoutMs: 30_000 }, async () => {
      const findings = await targets.examine(contextOf(broken(), resolveBundle(config)));
      const early = withStatus("warning", findings);
      if (early.length > 0) throw new Error(sentences(early).join());
      return sentences(withStatus("problem", findings));
    });
    expect(problems).toContainEqual(typeof expected === "string" ? expected : expect.stringMatching(expected));
  });
});

describe("a cluster with the overlay another-namespace", () => {
  const NAMESPACE = "orders";
  const inCluster: Bundle = { ...BUNDLE, deployment: "kubernetes" };
  let prometheus: TestPrometheus;
  let alertmanager: TestAlertmanager;
  beforeAll(async () => {
    const objects = kustomize(OVERLAY);
    const ofKind = <T>(wanted: string) => objects.find(({ kind }) => kind === wanted) as unknown as T;
    const notifications = dump(asTheOperatorDoes(ofKind<AlertmanagerConfig>("AlertmanagerConfig"), NAMESPACE));
    alertmanager = await startAlertmanager({
      files: () => ({
        [ALERTMANAGER_CONFIG]: notifications.replaceAll(SECRET_VALUE, `${stack.inbox.url}/deadman`),
      }),
    });
    const own = await freePort();
    const [{ relabelings }] = ofKind<Monitor>("ServiceMonitor").spec.endpoints;
    const job = (name: string, target: string, labels = {}) => ({
      ...{ job_name: name, scrape_interval: "1s", scrape_timeout: "1s" },
      static_configs: [{ targets: [target], labels }],
    });
    // With the labels that the operator gives the targets of a ServiceMonitor.
    const labels = { namespace: NAMESPACE, service: "mcp-orchestrator", pod: "mcp-orchestrator-0", endpoint: "http" };
    const service = {
      ...job(`serviceMonitor/${NAMESPACE}/mcp-orchestrator/0`, `127.0.0.1:${stack.orchestrator.server.port}`, labels),
      relabel_configs: relabelings.map(({ targetLabel, replacement }) => ({ target_label: targetLabel, replacement })),
    };
    const host = (url: string) => new URL(url).host;
    const config = {
      rule_files: [RULE_FILE],
      alerting: { alertmanagers: [{ static_configs: [{ targets: [host(alertmanager.url)] }] }] },
      scrape_configs: [service, job("alertmanager", host(alertmanager.url)), job("prometheus", `127.0.0.1:${own}`)],
    };
    prometheus = await startPrometheus(
      {
        files: {
          [PROMETHEUS_CONFIG]: JSON.stringify(config),
          [RULE_FILE]: JSON.stringify({ groups: ofKind<Rules>("PrometheusRule").spec.groups }),
        },
        flags: prometheusFlags(PRODUCTION),
      },
      {},
      own,
    );
  });
  afterAll(async () => {
    await prometheus[Symbol.asyncDispose]();
    await alertmanager[Symbol.asyncDispose]();
  });
  const urls = () => ({ prometheus: prometheus.url, alertmanager: alertmanager.url });

  test("has no problem in its namespace", async () => {
    const bundle = inNamespace(inCluster, NAMESPACE);
    const findings = await until("no problem", { timeoutMs: SETTLED_MS, intervalMs: 2_000 }, async () => {
      const all = await diagnose(urls(), bundle);
      const problems = sentences(withStatus("problem", all));
      if (problems.length > 0) throw new Error(problems.join("\n"));
      return all;
    });
    expect(sentences(withStatus("ok", findings))).toEqual(
      expect.arrayContaining([
        'scope labels: namespace="orders"',
        "Prometheus: Watchdog fires",
        "Alertmanager: it has Watchdog, for deadman",
        "receivers: team-platform, slack-critical, slack-warnings, pagerduty, deadman",
        "routes: 5, as generated",
        expect.stringMatching(/^inhibitions: \d+, as generated$/),
      ]),
    );
  });

  test("is not that of the base, and the finding says how to name it", async () => {
    const problems = withStatus("problem", await diagnose(urls(), inCluster));
    expect(problems).toContainEqual(
      expect.objectContaining({
        message: 'no target has namespace="mcp-orchestrator"',
        remedy: expect.stringContaining("npm run doctor -- --namespace NAME"),
      }),
    );
    expect(sentences(problems)).toContainEqual(
      expect.stringMatching(/label namespace is "orders", not "mcp-orchestrator"/),
    );
  });
});

test("--namespace is a mistake unless the bundle is for Kubernetes", () => {
  const doctor = fileURLToPath(new URL("../doctor.ts", import.meta.url));
  const config = fileURLToPath(new URL("../../alerts/src/bundle/example.config.ts", import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [doctor, "--namespace", "orders"], {
    ...{ encoding: "utf8", env: { ...process.env, BUNDLE_CONFIG: config } },
  });
  expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining("--namespace needs") });
});

test.each(PROMETHEUS_RELEASES)("Prometheus %s returns the generated rules unchanged", async (release) => {
  const files = { [PROMETHEUS_CONFIG]: `rule_files: [${RULE_FILE}]\n`, [RULE_FILE]: renderRules(PRODUCTION) };
  await using prometheus = await startPrometheus({ files }, { command: prometheusOf(release) });
  const urls = { prometheus: prometheus.url, alertmanager: stack.alertmanager.url };
  const findings = await rules.examine(contextOf(urls, BUNDLE));
  expect(withStatus("problem", findings)).toEqual([]);
  expect(sentences(withStatus("ok", findings))).toHaveLength(installationOf(BUNDLE).rules.groups.length);
});
