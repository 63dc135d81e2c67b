import {
  buildCatalogue,
  PRODUCTION,
  parseDuration,
  renderRules,
  resolveBundle,
  withoutObjectives,
} from "@mcp-orchestrator/alerts";
import { type Outcome, PROMETHEUS_RELEASES, type PrometheusRelease, promtool, promtoolTest } from "@mcp-orchestrator/alerts/tools";
import { dump } from "js-yaml";
import { LONG_WINDOW_FACTOR } from "../episodes/faultEpisode.ts";
import type { Scenario } from "../episodes/scenario.ts";
import { SCENARIOS } from "../episodes/scenarios.ts";
import { type Recording, secondsAt } from "./recording.ts";

/** What must be true of an expression at a scrape of a recording; in promtool's words. */
export type Probe = {
  readonly expr: string;
  readonly scrape: number;
  readonly samples: readonly { readonly labels: string; readonly value: number }[];
};

const INTERVAL = `${PRODUCTION.prometheus.scrapeIntervalMs / 1000}s`;

/**
 * Replays a recording through the rules as shipped, at production timing.
 *
 * Rules about error budgets are as the drill had them, and only there. promtool evaluates all rules equally often: it counts
 * each task twenty times, so that they fire sooner than in production.
 *
 * @param promtool its path
 * @param scenario that was recorded
 */
export async function replay(
  { series }: Recording,
  probes: readonly Probe[],
  { promtool, scenario: { replicas = 1, budgets } }: { readonly promtool: string; readonly scenario: Recorded },
): Promise<Outcome> {
  const catalogue = buildCatalogue(resolveBundle({ expectedReplicas: replicas }));
  const { rules, profile } =
    budgets === undefined
      ? { rules: withoutObjectives(catalogue), profile: PRODUCTION }
      : { rules: catalogue, profile: { ...PRODUCTION, longWindowFactor: LONG_WINDOW_FACTOR } };
  const input_series = Object.entries(series).map(([name, values]) => ({ series: name, values }));
  const promql_expr_test = probes.map(({ expr, scrape, samples }) => ({
    expr,
    eval_time: `${secondsAt(scrape)}s`,
    exp_samples: samples,
  }));
  const tests = [{ interval: INTERVAL, input_series, promql_expr_test }];
  // One group reads what another records, and promtool has no fixed order of its own.
  const group_eval_order = rules.groups.map(({ name }) => name);
  const file = { rule_files: ["rules.yml"], evaluation_interval: INTERVAL, group_eval_order, tests };
  return await promtoolTest(promtool, renderRules(profile, rules), dump(file, { noRefs: true, lineWidth: -1 }));
}

/** What of a scenario decides which rules it had. */
type Recorded = Pick<Scenario, "replicas" | "budgets">;

/**
 * A recording with the time that its alert takes under the rules as shipped. Without it, if the alert is about a budget.
 *
 * @throws RangeError if it does not fire
 */
export async function measured(recording: Recording): Promise<Recording> {
  const { id, firesAfterSeconds: _, firesAfterSecondsBefore3: _old, ...rest } = recording;
  const scenario = SCENARIOS.find((one) => one.id === id);
  if (scenario === undefined || scenario.budgets !== undefined) return { id, ...rest };
  const [oldest, newest] = PROMETHEUS_RELEASES;
  const firesAfterSeconds = await firesAfter(recording, scenario, newest);
  const firesAfterSecondsBefore3 = await firesAfter(recording, scenario, oldest);
  const before3 = firesAfterSecondsBefore3 === firesAfterSeconds ? {} : { firesAfterSecondsBefore3 };
  return { id, firesAfterSeconds, ...before3, ...rest };
}

async function firesAfter(recording: Recording, scenario: Scenario, release: PrometheusRelease): Promise<number> {
  const { injected, removed } = recording.scrapes;
  const scrapes = Array.from({ length: removed - injected + 1 }, (_none, at) => injected + at);
  const expr = firingOf(scenario.alert ?? "");
  // Each evaluation at which it fires is a difference, which promtool reports with its time.
  const probes = scrapes.map((scrape) => ({ expr, scrape, samples: [] }));
  const { output } = await replay(recording, probes, { promtool: promtool(release), scenario });
  const times = [...output.matchAll(/time: ((?:\d+(?:ms|h|m|s))+)/g)];
  const first = Math.min(...times.map(([, time = ""]) => parseDuration(time) / 1000));
  if (!Number.isFinite(first)) {
    throw new RangeError(`${scenario.alert} does not fire in the recording ${recording.id}: ${output}`);
  }
  return first - secondsAt(injected);
}

/** Selects an alert while it fires. */
export function firingOf(alert: string): string {
  return `ALERTS{alertstate="firing", alertname="${alert}"}`;
}
