import type { Alert } from "../catalogue/alert.ts";
import type { AlertingRule, RecordingRule, RuleFile } from "../render/ruleFile.ts";
import { rulesOf } from "../tools/testRules.ts";
import { expressionMutants } from "./expressions.ts";

/** An alert's rules with one mistake in them. */
export type RuleMutant = {
  readonly alert: Alert;
  readonly kind: string;
  readonly name: string;
  readonly rules: RuleFile;
};

type Rule = RecordingRule | AlertingRule;

/** Every single mistake we can think of in the rules of an alert. */
export function ruleMutants(alert: Alert): RuleMutant[] {
  const original = rulesOf(alert);
  const rules = original.groups.flatMap((group) => group.rules);
  const without = (dropped: Rule) => replaceRule(original, dropped, undefined);
  return rules.flatMap((rule) => {
    const mutant = (kind: string, change: string, replacement: Rule): RuleMutant => ({
      alert,
      kind,
      name: `${alert.name} / ${nameOf(rule)}: ${kind} ${change}`,
      rules: replaceRule(original, rule, replacement),
    });
    const ofExpression = expressionMutants(rule.expr).map(({ kind, change, text }) =>
      mutant(kind, change, { ...rule, expr: text }),
    );
    if (!("alert" in rule)) {
      return [
        ...ofExpression,
        { alert, kind: "rule", name: `${alert.name} / ${nameOf(rule)}: rule removed`, rules: without(rule) },
      ];
    }
    return [
      ...ofExpression,
      ...fieldMutants(rule).map(({ kind, change, rule: changed }) => mutant(kind, change, changed)),
    ];
  });
}

function fieldMutants(rule: AlertingRule): { kind: string; change: string; rule: AlertingRule }[] {
  const { for: hold, keep_firing_for: keep, labels, annotations } = rule;
  const set = (kind: string, change: string, fields: Partial<AlertingRule>) => ({
    kind,
    change,
    rule: { ...rule, ...fields },
  });
  const { page, ...unpaged } = labels;
  return [
    ...(hold === undefined
      ? [set("for", "none -> 1m", { for: "1m" })]
      : [
          set("for", `${hold} -> 15s more`, { for: `${hold}15s` }),
          set("for", `${hold} -> 15s less`, { for: less15s(hold) }),
          set("for", `${hold} -> 0s`, { for: "0s" }),
        ]),
    ...(keep === undefined
      ? []
      : [
          set("keep_firing_for", `${keep} -> 0s`, { keep_firing_for: "0s" }),
          set("keep_firing_for", `${keep} -> 15m`, { keep_firing_for: "15m" }),
        ]),
    set("severity", `${labels.severity} -> info`, { labels: { ...labels, severity: "info" } }),
    page === undefined
      ? set("page", "none -> true", { labels: { ...labels, page: "true" } })
      : set("page", "true -> none", { labels: unpaged }),
    set("label", "service dropped", { labels: omit(labels, "service") }),
    set("label", "team dropped", { labels: omit(labels, "team") }),
    set("label", "value added", { labels: { ...labels, value: "{{ $value }}" } }),
    ...Object.keys(annotations).map((key) =>
      set("annotation", `${key} dropped`, { annotations: omit(annotations, key) }),
    ),
  ];
}

/** `5m` less 15 s, as minutes and seconds. */
function less15s(duration: string): string {
  return `${Number.parseInt(duration, 10) - 1}m45s`;
}

function omit(record: Readonly<Record<string, string>>, key: string): Record<string, string> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== key));
}

function replaceRule(file: RuleFile, rule: Rule, replacement: Rule | undefined): RuleFile {
  return {
    groups: file.groups.map((group) => ({
      ...group,
      rules: group.rules.flatMap((each) => (each !== rule ? [each] : replacement === undefined ? [] : [replacement])),
    })),
  };
}

function nameOf(rule: Rule): string {
  return "alert" in rule ? rule.alert : rule.record;
}
