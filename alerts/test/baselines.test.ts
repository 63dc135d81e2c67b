import { expect, test } from "vitest";
import { resolveBundle } from "../src/bundle/index.ts";
import { buildCatalogue } from "../src/catalogue/index.ts";
import { promtoolDocument } from "../src/render/promtoolTests.ts";
import { renderRules } from "../src/render/ruleFile.ts";
import { PRODUCTION } from "../src/timing.ts";
import { PROMETHEUS_RELEASES, type PrometheusRelease, promtool } from "../src/tools/releases.ts";
import { promtoolTest } from "../src/tools/run.ts";

/** Work on a healthy service that lasts too long for a drill: all rules together, an hour of each. */

const STEP_SECONDS = 15;
const MINUTES = 60;
const TIMES = Array.from({ length: (MINUTES * 60) / STEP_SECONDS + 1 }, (_, index) => index * STEP_SECONDS);

type Baseline = {
  readonly replicas: number;
  /** Replicas that must answer. */
  readonly expected: number;
  readonly scrapeSeconds?: number;
  /** Whether a replica answers. Its workers consume tasks one scrape later. */
  readonly isUp?: (replica: number, seconds: number) => boolean;
};

const QUEUE = 'queue="mcp:queue:ml:express", type="ml", lane="express"';
const LANE = 'type="ml", lane="express"';
/** Gauges of a healthy replica. */
const GAUGES: Readonly<Record<string, number>> = {
  'mcp_expected_workers{type="ml"}': 2,
  [`mcp_queue_depth{${QUEUE}}`]: 3,
  [`mcp_consumer_group_lag{${QUEUE}}`]: 3,
  [`mcp_oldest_task_age_seconds{${QUEUE}}`]: 0.04,
  [`mcp_oldest_overdue_seconds{${LANE}}`]: 0,
  [`mcp_tasks_unaccounted{${LANE}}`]: 0,
  mcp_dlq_depth: 4,
  mcp_redis_memory_used_ratio: 0.4,
  mcp_redis_state_known: 1,
  'mcp_redis_persistence_ok{kind="rdb"}': 1,
  mcp_redis_replication_ok: 1,
};
/** Counters of a healthy replica, per second. One task of 200 fails, and one of 100 exceeds a rate limit. */
const COUNTERS: Readonly<Record<string, number>> = {
  [`mcp_tasks_submitted_total{${LANE}, cause="none"}`]: 2,
  [`mcp_tasks_submitted_total{${LANE}, cause="rate_limit"}`]: 0.02,
  [`mcp_tasks_completed_total{${LANE}}`]: 1.99,
  [`mcp_tasks_failed_total{${LANE}, reason="upstream"}`]: 0.01,
  [`mcp_ack_attempts_total{${LANE}, outcome="ok"}`]: 2,
  [`mcp_ack_attempts_total{${LANE}, outcome="error"}`]: 0,
  [`mcp_ack_failures_total{${LANE}}`]: 0,
  'mcp_worker_crashes_total{type="ml", reason="signal"}': 0,
  'mcp_http_requests_total{route="submit", outcome="success", cause="none"}': 2,
  ...Object.fromEntries(
    ["mcp_task_latency_seconds", "mcp_task_wait_seconds"].flatMap((metric) =>
      ["0.075", "0.1", "+Inf"].map((le) => [`${metric}_bucket{${LANE}, le="${le}"}`, 2]),
    ),
  ),
};
/** Prometheus and Alertmanager, which are scraped once a minute. */
const ALERTING: Readonly<Record<string, number>> = {
  'prometheus_config_last_reload_successful{job="prometheus"}': 1,
  'alertmanager_config_last_reload_successful{job="alertmanager"}': 1,
  'prometheus_rule_evaluation_failures_total{job="prometheus", rule_group="rules.yml;mcp-orchestrator"}': 0,
  'alertmanager_notifications_failed_total{job="alertmanager", integration="slack"}': 0,
};

const everyThreeMinutes = (_: number, seconds: number) => seconds % 180 !== 0;
/** One after the other from the tenth minute on, with 45 s each. */
const oneByOne = (replica: number, seconds: number) => Math.floor((seconds - 600) / 45) !== replica;

const BASELINES: Readonly<Record<string, Baseline>> = {
  "a deploy every three minutes, with half a minute without workers": {
    replicas: 1,
    expected: 1,
    isUp: everyThreeMinutes,
  },
  "a rolling restart of two replicas": { replicas: 2, expected: 2, isUp: oneByOne },
  "a rolling restart of ten replicas, of which nine must answer": { replicas: 10, expected: 9, isUp: oneByOne },
  "a scrape interval of 60 s": { replicas: 2, expected: 2, scrapeSeconds: 60 },
};

test.each(PROMETHEUS_RELEASES.flatMap((release) => Object.keys(BASELINES).map((name) => ({ release, name }))))(
  "Prometheus $release: no alert fires during $name",
  async ({ release, name }) => {
    const baseline = BASELINES[name] as Baseline;
    expect(await firing(release, baseline, TIMES.slice(1), {})).toMatchObject({ ok: true });
  },
);

test("the samples can fire alerts: three of ten replicas do not return", async () => {
  const baseline = { replicas: 10, expected: 9, isUp: (replica: number, at: number) => replica > 2 || at < 600 };
  const fired = { OrchestratorTargetDown: 3, ReplicasMissing: 1 };
  expect(await firing("3.5", baseline, [1200], fired)).toMatchObject({ ok: true });
});

/** Tests how many instances of which alerts fire at some times, the Watchdog aside. */
async function firing(
  release: PrometheusRelease,
  baseline: Baseline,
  times: readonly number[],
  expected: Readonly<Record<string, number>>,
) {
  const catalogue = buildCatalogue(resolveBundle({ expectedReplicas: baseline.expected }));
  const document = promtoolDocument(
    "rules.yml",
    [
      {
        name: "baseline",
        interval: `${STEP_SECONDS}s`,
        input_series: Object.entries(seriesOf(baseline)).map(([series, values]) => ({ series, values })),
        promql_expr_test: times.map((seconds) => ({
          expr: 'count by (alertname) (ALERTS{alertstate="firing", alertname!="Watchdog"})',
          eval_time: `${seconds}s`,
          exp_samples: Object.entries(expected).map(([name, value]) => ({
            labels: `{alertname="${name}"}`,
            value,
          })),
        })),
      },
    ],
    catalogue.groups.map(({ name }) => name),
  );
  return await promtoolTest(promtool(release), renderRules(PRODUCTION, catalogue), document);
}

function seriesOf({ replicas, scrapeSeconds = STEP_SECONDS, isUp = () => true }: Baseline): Record<string, string> {
  const all = Array.from({ length: replicas }, (_, replica) => {
    const at = (value: (up: boolean, upForSeconds: number) => number | "gap") => {
      let startedAt = 0;
      let wasUp = true;
      return TIMES.map((seconds) => {
        if (seconds % scrapeSeconds !== 0) return "_";
        const up = isUp(replica, seconds);
        if (up && !wasUp) startedAt = seconds;
        const marker = wasUp ? "stale" : "_";
        wasUp = up;
        const sample = value(up, seconds - startedAt);
        return sample === "gap" ? marker : String(sample);
      }).join(" ");
    };
    const scraped = (value: (upForSeconds: number) => number) => at((up, age) => (up ? value(age) : "gap"));
    const named = (series: string) => withInstance(series, replica);
    return {
      [named('up{job="mcp-orchestrator"}')]: at((up) => (up ? 1 : 0)),
      // A worker needs a moment after a restart.
      [named('mcp_active_workers{type="ml"}')]: at((up, age) => (up ? (age === 0 ? 0 : 2) : "gap")),
      ...Object.fromEntries(Object.entries(GAUGES).map(([name, value]) => [named(name), scraped(() => value)])),
      ...Object.fromEntries(
        Object.entries(COUNTERS).map(([name, perSecond]) => [named(name), scraped((age) => perSecond * age)]),
      ),
    };
  });
  const alerting = Object.entries(ALERTING).map(([name, value]) => [
    name,
    TIMES.map((seconds) => (seconds % 60 === 0 ? value : "_")).join(" "),
  ]);
  return Object.assign({}, ...all, Object.fromEntries(alerting));
}

function withInstance(series: string, replica: number): string {
  const instance = `instance="replica-${replica}:8000"`;
  return series.includes("{") ? series.replace(/\}$/, `, ${instance}}`) : `${series}{${instance}}`;
}
