import type { Bundle } from "../bundle/index.ts";
import type { Alert } from "../catalogue/alert.ts";
import { CATALOGUE } from "../catalogue/index.ts";
import { renderExpression } from "../promql/render.ts";
import { EXPECTED_INSTALLATION, scopedName } from "../promql/scope.ts";
import { formatDuration, scaleMs, type TimingProfile } from "../timing.ts";
import { annotationsOf, labelsOf } from "./annotations.ts";

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

/** What rules are made of: an installation's catalogue, or a part of it. */
export type RuleSource = {
  readonly bundle: Bundle;
  readonly groups: readonly { readonly name: string; readonly alerts: readonly Alert[] }[];
};

/**
 * The catalogue as Prometheus rule groups. A group's signals come before its alerts: rules of a group run in order, so
 * that an alert sees the signal of its own evaluation.
 */
export function ruleFile(profile: TimingProfile, { bundle, groups }: RuleSource = CATALOGUE): RuleFile {
  const duration = (productionMs: number) => formatDuration(scaleMs(productionMs, profile));
  return {
    groups: groups.map((group, index) => ({
      name: group.name,
      interval: formatDuration(profile.prometheus.evaluationIntervalMs),
      rules: [
        ...(index === 0 ? expectedInstallations(bundle) : []),
        ...[...signalsOf(group)].map((signal) => ({
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

/** A sample for each installation, so that one that is gone altogether is missed by its name. */
function expectedInstallations(bundle: Bundle): RecordingRule[] {
  const record = scopedName(EXPECTED_INSTALLATION, bundle);
  return bundle.scope.installations.map((labels) => ({ record, expr: "vector(1)", labels }));
}

function signalsOf(group: RuleSource["groups"][number]) {
  const signals = group.alerts.flatMap(({ signal }) =>
    signal === undefined ? [] : [...(signal.inputs ?? []), signal],
  );
  return new Map(signals.map((signal) => [signal.record, signal])).values();
}
