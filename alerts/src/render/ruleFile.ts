import type { AlertGroup } from "../catalogue/index.ts";
import { GROUPS } from "../catalogue/index.ts";
import { renderExpression } from "../promql/render.ts";
import { formatDuration, scaleMs, type TimingProfile } from "../timing.ts";
import { annotationsOf, type Links, labelsOf } from "./annotations.ts";

export type RecordingRule = { readonly record: string; readonly expr: string };
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

/**
 * The catalogue as Prometheus rule groups. A group's signals come before its alerts: rules of a group run in order, so
 * that an alert sees the signal of its own evaluation.
 */
export function ruleFile(profile: TimingProfile, links?: Links, groups: readonly AlertGroup[] = GROUPS): RuleFile {
  const duration = (productionMs: number) => formatDuration(scaleMs(productionMs, profile));
  return {
    groups: groups.map((group) => ({
      name: group.name,
      interval: formatDuration(profile.prometheus.evaluationIntervalMs),
      rules: [
        ...[...signalsOf(group)].map((signal) => ({
          record: signal.record,
          expr: renderExpression(signal.expression, profile),
        })),
        ...group.alerts.map((alert) => ({
          alert: alert.name,
          expr: renderExpression(alert.expression, profile),
          ...(alert.forMs > 0 ? { for: duration(alert.forMs) } : {}),
          ...(alert.keepFiringForMs > 0 ? { keep_firing_for: duration(alert.keepFiringForMs) } : {}),
          labels: labelsOf(alert),
          annotations: annotationsOf(alert, links),
        })),
      ],
    })),
  };
}

function signalsOf(group: AlertGroup) {
  const signals = group.alerts.flatMap(({ signal }) =>
    signal === undefined ? [] : [...(signal.inputs ?? []), signal],
  );
  return new Map(signals.map((signal) => [signal.record, signal])).values();
}
