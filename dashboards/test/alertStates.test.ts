import { ALERTS, CATALOGUE, drillProfile, type RuleFile, ruleFile, withoutObjectives } from "@mcp-orchestrator/alerts";
import { freePort } from "@mcp-orchestrator/e2e/testkit/ports";
import {
  PROMETHEUS_CONFIG,
  startPrometheus,
  type TestPrometheus,
} from "@mcp-orchestrator/e2e/testkit/servers/prometheus";
import { until } from "@mcp-orchestrator/e2e/testkit/until";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DASHBOARDS } from "../src/dashboards/index.ts";
import { panelsOf } from "../src/model/dashboard.ts";
import { text } from "../src/query/vector.ts";

/** "ok" and "0 alerts" are shown only where rules are evaluated. */

const PROFILE = drillProfile();
const RULE_FILE = "rules.yml";
const DEADLINE_MS = 30_000;
const OK = 0;
/** What all groups record, and no alert but the Watchdog, since there is no service. */
const RULES = calm(ruleFile(PROFILE));
const GROUP = "mcp-orchestrator-redis";
const OF_GROUP = CATALOGUE.groups.flatMap(({ name, alerts }) => (name === GROUP ? alerts : [])).map(({ name }) => name);
const ON_OBJECTIVES = ALERTS.filter(({ objective }) => objective !== undefined).map(({ name }) => name);
/** Two series that become one: a vector cannot hold the same labels twice. */
const FAILING = {
  record: "added:prometheus:broken",
  expr: 'label_replace({__name__=~"prometheus_config_last_reload_success.*"}, "__name__", "reload", "", "")',
};

function calm({ groups }: RuleFile): RuleFile {
  const isCalm = (rule: object) => !("alert" in rule) || rule.alert === "Watchdog";
  return { groups: groups.map((group) => ({ ...group, rules: group.rules.filter(isCalm) })) };
}

let prometheus: TestPrometheus;

beforeAll(async () => {
  const port = await freePort();
  const { evaluationIntervalMs, scrapeIntervalMs, lookbackDeltaMs } = PROFILE.prometheus;
  const config = {
    global: { evaluation_interval: `${evaluationIntervalMs}ms`, scrape_interval: `${scrapeIntervalMs}ms` },
    rule_files: [RULE_FILE],
    scrape_configs: [{ job_name: "prometheus", static_configs: [{ targets: [`127.0.0.1:${port}`] }] }],
  };
  const files = { [PROMETHEUS_CONFIG]: JSON.stringify(config), [RULE_FILE]: JSON.stringify(RULES) };
  prometheus = await startPrometheus({ files, flags: [`--query.lookback-delta=${lookbackDeltaMs}ms`] }, {}, port);
});

afterAll(() => prometheus?.[Symbol.asyncDispose]());

async function load(rules: RuleFile): Promise<void> {
  await prometheus.server.write(RULE_FILE, JSON.stringify(rules));
  await prometheus.reload();
}

/** Waits until exactly these alerts have no state, all others are ok, and the tile has this number of firing alerts. */
async function see(gaps: readonly string[], firing: number): Promise<void> {
  const found = DASHBOARDS.flatMap(panelsOf);
  const timeline = found.find(({ key }) => key === "alert-states");
  const tile = found.find(({ key }) => key === "alerts-firing");
  if (timeline?.kind !== "state-timeline" || tile?.kind !== "stat") throw new Error("the panels are missing");
  await until(`gaps of ${gaps.length} alerts`, { timeoutMs: DEADLINE_MS }, async () => {
    const states = await Promise.all(
      timeline.series.map(async ({ legend, query }) => {
        const [sample] = await prometheus.query(text(query));
        return [legend, sample?.value] as const;
      }),
    );
    expect(states).toEqual(states.map(([name]) => [name, gaps.includes(name) ? undefined : OK]));
    expect(states.filter(([name]) => gaps.includes(name))).toHaveLength(gaps.length);
    expect((await prometheus.query(text(tile.now))).map(({ value }) => value)).toEqual([firing]);
  });
}

test("each alert is ok, and none fires, while every group is evaluated", () => see([], 0));

test("alerts on error budgets are gaps where they are not loaded", async () => {
  await load(calm(ruleFile(PROFILE, withoutObjectives(CATALOGUE))));
  await see(ON_OBJECTIVES, 0);
});

test("another group that is not loaded is a gap, and makes the number of firing alerts unknown", async () => {
  await load({ groups: RULES.groups.filter(({ name }) => name !== GROUP) });
  await see(OF_GROUP, Number.NaN);
});

test("so does a group of which a rule fails", async () => {
  await load(RULES);
  await see([], 0);
  const broken = (group: RuleFile["groups"][number]) => ({ ...group, rules: [...group.rules, FAILING] });
  await load({ groups: RULES.groups.map((group) => (group.name === GROUP ? broken(group) : group)) });
  await see(OF_GROUP, Number.NaN);
});

test("without rules, nothing is known", async () => {
  await load({ groups: [] });
  await see(
    ALERTS.map(({ name }) => name).filter((name) => name !== "Watchdog"),
    Number.NaN,
  );
});
