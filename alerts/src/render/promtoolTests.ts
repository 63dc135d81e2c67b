import { dump } from "js-yaml";
import type { Alert } from "../catalogue/alert.ts";
import { ALERTS } from "../catalogue/index.ts";
import type { Case, Expectation, Labels, Samples } from "../catalogue/samples.ts";
import { HEADER } from "./yaml.ts";

export type PromtoolTest = {
  readonly name: string;
  readonly interval: string;
  readonly input_series: readonly { readonly series: string; readonly values: string }[];
  readonly alert_rule_test?: readonly unknown[];
  readonly promql_expr_test: readonly {
    readonly expr: string;
    readonly eval_time: string;
    readonly exp_samples: readonly { readonly labels: string; readonly value: number }[];
  }[];
};

/** The interval at which the hand-written series are sampled and the rules evaluated: production's. */
const INTERVAL = "15s";

/**
 * The hand-written samples as a promtool test file, at production timing.
 *
 * Alerts whose threshold the user changed are left out, and named at the top: their samples are about another number.
 */
export function renderPromtoolTests(ruleFile: string, alerts: readonly Alert[] = ALERTS): string {
  const left = alerts.filter((alert) => alert.overridden).map((alert) => alert.name);
  const note = left.length === 0 ? "" : `# Left out, since their thresholds are overridden: ${left.join(", ")}\n`;
  const tests = alerts.filter((alert) => !alert.overridden).flatMap((alert) => promtoolTests(alert));
  return `${HEADER}\n${note}${promtoolDocument(ruleFile, tests)}`;
}

/** Tests as the file that promtool reads. */
export function promtoolDocument(ruleFile: string, tests: readonly PromtoolTest[]): string {
  return dump(
    { rule_files: [ruleFile], evaluation_interval: INTERVAL, tests: [...tests] },
    { lineWidth: -1, noRefs: true },
  );
}

/** The tests of one alert. */
export function promtoolTests({ name, samples }: Pick<Alert, "name" | "samples">): PromtoolTest[] {
  return samples.cases.map((story) => ({
    name: `${name}: ${story.name}`,
    interval: INTERVAL,
    input_series: Object.entries(story.series).map(([series, values]) => ({ series, values })),
    ...(story.annotated === undefined ? {} : { alert_rule_test: [annotatedTest(name, samples, story.annotated)] }),
    promql_expr_test: story.expect.map((expectation) => stateTest(name, samples, expectation)),
  }));
}

/** `ALERTS` holds pending and firing alerts with all their labels: the whole state at once, not only what fires. */
function stateTest(name: string, samples: Samples, { at, pending = [], firing = [] }: Expectation) {
  const sample = (state: string) => (labels: Labels) => ({
    labels: `ALERTS${selectorOf({ alertname: name, alertstate: state, ...samples.labels, ...labels })}`,
    value: 1,
  });
  return {
    expr: `ALERTS{alertname="${name}"}`,
    eval_time: at,
    exp_samples: [...pending.map(sample("pending")), ...firing.map(sample("firing"))],
  };
}

function annotatedTest(name: string, samples: Samples, { at, labels, annotations }: NonNullable<Case["annotated"]>) {
  return {
    alertname: name,
    eval_time: at,
    exp_alerts: [{ exp_labels: { ...samples.labels, ...labels }, exp_annotations: annotations }],
  };
}

function selectorOf(labels: Labels): string {
  return `{${Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(", ")}}`;
}
