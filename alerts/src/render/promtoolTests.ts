import { dump } from "js-yaml";
import type { Rule } from "../catalogue/alert.ts";
import { ALERTS } from "../catalogue/index.ts";
import type { Annotated, Expectation, Labels, Samples } from "../catalogue/samples/samples.ts";
import { formatDuration, seconds } from "../timing.ts";
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

/** The interval of the hand-written series, and of most rules: production's. */
const INTERVAL = "15s";

/**
 * The hand-written samples as a promtool test file, at production timing. Its alerts are evaluated equally often: promtool
 * has one interval for a file.
 *
 * Alerts whose threshold the operator changed are left out and named at the top, because their samples assume another
 * number.
 *
 * @param groups in the order of evaluation, since one group may read what another records; promtool has no fixed order
 */
export function renderPromtoolTests(
  ruleFile: string,
  alerts: readonly Rule[] = ALERTS,
  groups: readonly string[] = [],
): string {
  const left = alerts.filter((alert) => alert.overridden).map((alert) => alert.name);
  const note = left.length === 0 ? "" : `# Left out, since their thresholds are overridden: ${left.join(", ")}\n`;
  const tests = alerts.filter((alert) => !alert.overridden).flatMap((alert) => promtoolTests(alert));
  return `${HEADER}\n${note}${promtoolDocument(ruleFile, tests, groups, evaluatedEvery(alerts))}`;
}

/** How often alerts are evaluated, which must be the same of all. */
function evaluatedEvery(alerts: readonly Rule[]): string {
  const [interval = INTERVAL, ...others] = new Set(
    alerts.map(({ evaluatedEveryMs }) =>
      evaluatedEveryMs === undefined ? INTERVAL : formatDuration(evaluatedEveryMs),
    ),
  );
  if (others.length > 0)
    throw new RangeError(`One file cannot test alerts evaluated every ${[interval, ...others].join(", ")}`);
  return interval;
}

/** Tests as promtool's file. @param interval of the rules */
export function promtoolDocument(
  ruleFile: string,
  tests: readonly PromtoolTest[],
  groups: readonly string[] = [],
  interval = INTERVAL,
): string {
  const document = {
    rule_files: [ruleFile],
    evaluation_interval: interval,
    ...(groups.length === 0 ? {} : { group_eval_order: [...groups] }),
    tests: [...tests],
  };
  return dump(document, { lineWidth: -1, noRefs: true });
}

/** The tests of one alert. */
function promtoolTests({ name, samples }: Pick<Rule, "name" | "samples">): PromtoolTest[] {
  return samples.cases.map((sampleCase) => ({
    name: `${name}: ${sampleCase.name}`,
    interval: sampleCase.everySeconds === undefined ? INTERVAL : formatDuration(seconds(sampleCase.everySeconds)),
    input_series: Object.entries(sampleCase.series).map(([series, values]) => ({ series, values })),
    ...(sampleCase.annotated === undefined
      ? {}
      : { alert_rule_test: [annotatedTest(name, samples, [sampleCase.annotated].flat())] }),
    promql_expr_test: sampleCase.expect.map((expectation) => stateTest(name, samples, expectation)),
  }));
}

/** `ALERTS` has pending and firing alerts with all their labels: the whole state, not only what fires. */
function stateTest(name: string, samples: Samples, { at, pending = [], firing = [] }: Expectation) {
  const sample = (state: string) => (labels: Labels) => ({
    labels: `ALERTS${selectorOf({ alertname: name, alertstate: state, ...samples.labels, ...labels })}`,
    value: 1,
  });
  return {
    expr: `ALERTS${selectorOf({ alertname: name, ...samples.about })}`,
    eval_time: at,
    exp_samples: [...pending.map(sample("pending")), ...firing.map(sample("firing"))],
  };
}

function annotatedTest(name: string, samples: Samples, annotated: readonly Annotated[]) {
  return {
    alertname: name,
    eval_time: annotated[0]?.at,
    exp_alerts: annotated.map(({ labels, annotations }) => ({
      exp_labels: { ...samples.labels, ...labels },
      exp_annotations: annotations,
    })),
  };
}

function selectorOf(labels: Labels): string {
  return `{${Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(", ")}}`;
}
