import type { Bundle } from "../bundle/index.ts";
import type { Rule, Signal } from "../catalogue/alert.ts";
import { CATALOGUE } from "../catalogue/index.ts";
import { call, number } from "../promql/expression.ts";
import { renderExpression } from "../promql/render.ts";
import { EXPECTED_INSTALLATION, RULES_EVALUATED, scoped, scopedName } from "../promql/scope.ts";
import { formatDuration, scaleMs, type TimingProfile } from "../timing.ts";
import { annotationsOf, labelsOf } from "./annotations.ts";
import { generatedYaml } from "./yaml.ts";

export type RecordingRule = {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
};
export type AlertingRule = {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
};
export type RuleGroup = {
  readonly name: string;
  readonly interval: string;
  readonly rules: readonly (RecordingRule | AlertingRule)[];
};
export type RuleFile = { readonly groups: readonly RuleGroup[] };

/** The source of rules: an installation's catalogue, a part of it, or the alerts of another service. */
export type RuleSource = {
  readonly bundle: Bundle;
  readonly groups: readonly { readonly name: string; readonly alerts: readonly Rule[] }[];
};

/**
 * The catalogue as Prometheus rule groups. Rules of a group are evaluated in order, and signals come before alerts, so
 * an alert sees the signal of the same evaluation.
 */
export function ruleFile(profile: TimingProfile, { bundle, groups }: RuleSource = CATALOGUE): RuleFile {
  // A signal that alerts of several groups read is recorded by the first group.
  const recordedBefore = new Set<string>();
  const duration = (productionMs: number) => formatDuration(scaleMs(productionMs, profile));
  return {
    groups: groups.map((group, index) => ({
      name: group.name,
      interval: intervalOf(group, profile),
      rules: [
        ...(index === 0 ? expectedInstallations(bundle) : []),
        ...evaluationMarker(group, bundle, profile),
        ...newSignalsOf(group, recordedBefore).map((signal) => ({
          record: signal.record,
          expr: renderExpression(signal.expression, profile),
        })),
        ...group.alerts.map((alert) => ({
          alert: alert.name,
          expr: renderExpression(alert.expression, profile),
          ...(alert.forMs > 0 ? { for: duration(alert.forMs) } : {}),
          ...(alert.keepFiringForMs > 0 ? { keep_firing_for: duration(alert.keepFiringForMs) } : {}),
          labels: labelsOf(alert, bundle),
          annotations: annotationsOf(alert, bundle),
        })),
      ],
    })),
  };
}

/** The interval of a group: that of its alerts, which are evaluated together. */
function intervalOf({ alerts: [first] }: RuleSource["groups"][number], profile: TimingProfile): string {
  return formatDuration(
    first === undefined ? profile.prometheus.evaluationIntervalMs : evaluationIntervalMs(first, profile),
  );
}

/** How often an alert is evaluated under a profile. */
export function evaluationIntervalMs(
  { evaluatedEveryMs }: Pick<Rule, "evaluatedEveryMs">,
  profile: TimingProfile,
): number {
  return evaluatedEveryMs === undefined ? profile.prometheus.evaluationIntervalMs : scaleMs(evaluatedEveryMs, profile);
}

/** A sample for each installation, so that a missing one is reported by its name. */
function expectedInstallations(bundle: Bundle): RecordingRule[] {
  const record = scopedName(EXPECTED_INSTALLATION, bundle);
  return bundle.scope.installations.map((labels) => ({ record, expr: "vector(1)", labels }));
}

/** A sample for each installation while the group is evaluated, where a dashboard shows the state of its alerts. */
function evaluationMarker(
  { name, alerts }: RuleSource["groups"][number],
  bundle: Bundle,
  profile: TimingProfile,
): RecordingRule[] {
  if (alerts.every(({ panel }) => panel === undefined)) return [];
  const expr = renderExpression(scoped(call("vector", number(1)), bundle), profile);
  return [{ record: scopedName(RULES_EVALUATED, bundle), expr, labels: { group: name } }];
}

function newSignalsOf(group: RuleSource["groups"][number], before: Set<string>): Signal[] {
  const signals = group.alerts.flatMap(({ signal }) =>
    signal === undefined ? [] : [...(signal.inputs ?? []), signal],
  );
  return signals.filter(({ record }) => {
    const fresh = !before.has(record);
    before.add(record);
    return fresh;
  });
}

/** The same as YAML, as Prometheus loads it. */
export function renderRules(profile: TimingProfile, source?: RuleSource): string {
  return generatedYaml(ruleFile(profile, source));
}
