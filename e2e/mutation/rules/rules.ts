import {
  type Alert,
  type AlertingRule,
  formatDuration,
  parseDuration,
  type RecordingRule,
  type RuleFile,
} from "@mcp-orchestrator/alerts";
import { rulesOf } from "@mcp-orchestrator/alerts/tools";
import { expressionMutants } from "./expressions.ts";

/** An alert's rules with one mistake in them. */
export type RuleMutant = {
  readonly alert: Alert;
  readonly kind: string;
  readonly name: string;
  readonly rules: RuleFile;
  /** The rules without the mistake. */
  readonly original: RuleFile;
};

type Rule = RecordingRule | AlertingRule;

/** Every single mistake that the operators make in the rules of an alert. */
export function ruleMutants(alert: Alert): RuleMutant[] {
  const original = rulesOf(alert);
  const all = original.groups.flatMap((group) => group.rules);
  // The rules of expected installations and evaluated groups are in every file, and count only for alerts that read
  // them.
  const rules = all.filter((rule) => isNeeded(rule, all));
  const records = rules.flatMap((rule) => ("record" in rule ? [rule.record] : []));
  const ofRules = rules.flatMap((rule) => {
    const mutant = (kind: string, change: string, mutated: RuleFile): RuleMutant => ({
      alert,
      kind,
      name: `${alert.name} / ${nameOf(rule)}: ${kind} ${change}`,
      rules: mutated,
      original,
    });
    const changed = ({ kind, change, rule: other }: Changed) =>
      mutant(kind, change, replaceRule(original, rule, other));
    const ofExpression = expressionMutants(rule.expr, records).map(({ kind, change, text }) =>
      changed({ kind, change, rule: { ...rule, expr: text } }),
    );
    if ("alert" in rule) return [...ofExpression, ...fieldMutants(rule).map(changed)];
    return [
      ...ofExpression,
      mutant("rule", "removed", replaceRule(original, rule, undefined)),
      mutant("rule", "moved behind what reads it", moveToEnd(original, rule)),
    ];
  });
  return [...ofRules, ...intervalMutants(alert, original)];
}

/** Is it an alert, or read by one, also through other rules? */
function isNeeded(rule: Rule, all: readonly Rule[]): boolean {
  if ("alert" in rule) return true;
  return all.some((other) => other !== rule && other.expr.includes(rule.record) && isNeeded(other, all));
}

/** The group evaluated less often. More often changes no alert. */
function intervalMutants(alert: Alert, original: RuleFile): RuleMutant[] {
  const { groups } = original;
  return groups.flatMap((group) =>
    [2, 4].map((factor) => {
      const interval = formatDuration(factor * parseDuration(group.interval));
      return {
        alert,
        kind: "interval",
        name: `${alert.name} / ${group.name}: interval ${group.interval} -> ${interval}`,
        rules: { groups: groups.map((each) => (each === group ? { ...group, interval } : each)) },
        original,
      };
    }),
  );
}

type Changed = { readonly kind: string; readonly change: string; readonly rule: Rule };

function fieldMutants(rule: AlertingRule): Changed[] {
  const { labels, annotations } = rule;
  const set = (kind: string, change: string, fields: Partial<AlertingRule>): Changed => ({
    kind,
    change,
    rule: { ...rule, ...fields },
  });
  const { page, ...unpaged } = labels;
  return [
    ...durationMutants(rule, "for"),
    ...durationMutants(rule, "keep_firing_for"),
    ...["critical", "warning", "info"]
      .filter((severity) => severity !== labels.severity)
      .map((severity) => set("severity", `${labels.severity} -> ${severity}`, { labels: { ...labels, severity } })),
    page === undefined
      ? set("page", "none -> true", { labels: { ...labels, page: "true" } })
      : set("page", "true -> none", { labels: unpaged }),
    set("label", "service dropped", { labels: omit(labels, "service") }),
    set("label", "team dropped", { labels: omit(labels, "team") }),
    set("label", "value added", { labels: { ...labels, value: "{{ $value }}" } }),
    ...Object.entries(annotations).flatMap(([key, text]) => {
      const plain = text.replace(/ \| [^}]+ }}/g, " }}");
      return [
        set("annotation", `${key} dropped`, { annotations: omit(annotations, key) }),
        ...(plain === text
          ? []
          : [set("annotation", `${key} unformatted`, { annotations: { ...annotations, [key]: plain } })]),
      ];
    }),
  ];
}

/** Tests see a `for` to one evaluation, and the end of an alert to two, since a sample has to leave every window. */
const STEP_MS = { for: 15_000, keep_firing_for: 30_000 };

/** A duration a little longer, a little shorter, and zero. */
function durationMutants(rule: AlertingRule, field: "for" | "keep_firing_for"): Changed[] {
  const duration = rule[field];
  const ms = duration === undefined ? 0 : parseDuration(duration);
  const others = ms === 0 ? [60_000] : [ms + STEP_MS[field], ms - STEP_MS[field], 0];
  return others.map((other) => ({
    kind: field,
    change: `${duration ?? "none"} -> ${formatDuration(other)}`,
    rule: { ...rule, [field]: formatDuration(other) },
  }));
}

function omit(record: Readonly<Record<string, string>>, key: string): Record<string, string> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== key));
}

export function replaceRule(file: RuleFile, rule: Rule, replacement: Rule | undefined): RuleFile {
  return {
    groups: file.groups.map((group) => ({
      ...group,
      rules: group.rules.flatMap((each) => (each !== rule ? [each] : replacement === undefined ? [] : [replacement])),
    })),
  };
}

/** After every rule of its group, so that they see its value of the previous evaluation. */
function moveToEnd(file: RuleFile, rule: Rule): RuleFile {
  return {
    groups: file.groups.map((group) => {
      const others = group.rules.filter((each) => each !== rule);
      return { ...group, rules: others.length < group.rules.length ? [...others, rule] : others };
    }),
  };
}

/** Of several installations, each has a recording rule with its labels. */
export function nameOf(rule: Rule): string {
  return "alert" in rule ? rule.alert : [rule.record, ...Object.values(rule.labels ?? {})].join(" ");
}
