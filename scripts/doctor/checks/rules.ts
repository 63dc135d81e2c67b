import { type AlertingRule, parseDuration, type RecordingRule, type RuleGroup } from "@mcp-orchestrator/alerts";
import { isSameExpression } from "@mcp-orchestrator/alerts/promql";
import { inSeconds } from "../duration.ts";
import { type Finding, ok, problem, warning } from "../finding.ts";
import type { LoadedGroup, LoadedRule } from "../servers.ts";
import type { Check } from "./check.ts";

/** A group that was not evaluated for this many intervals has stopped. */
const INTERVALS_UNTIL_STOPPED = 4;

type Rule = RecordingRule | AlertingRule;

/** Checks that the generated rules are the ones that run. */
export const rules: Check = {
  title: "Rules",
  asks: ["prometheus"],
  async examine({ prometheus, installation }) {
    const loaded = await prometheus.ruleGroups();
    const now = await prometheus.time();
    return installation.rules.groups.flatMap((group) => {
      const named = loaded.filter(({ name }) => name === group.name);
      const [only] = named;
      if (only === undefined) return [problem(group.name, "the group is not loaded", installation.apply.rules)];
      if (named.length > 1) {
        const files = named.map(({ file }) => file).join(", ");
        return [
          problem(
            group.name,
            `the group is loaded ${named.length} times, from ${files}: every alert is sent as many times`,
            "Keep one of them in `rule_files`.",
          ),
        ];
      }
      return examineGroup(group, only, now, installation.apply.rules);
    });
  },
};

/**
 * Compares a group with the loaded one of its name.
 *
 * @param now the server's clock, in seconds
 */
function examineGroup(expected: RuleGroup, loaded: LoadedGroup, now: number, remedy: string): Finding[] {
  const different = differencesOf(expected, loaded);
  const texts = textDifferencesOf(expected, loaded);
  const [first] = texts;
  return [
    ...different.map(([rule, difference]) => problem(rule, difference, remedy)),
    ...(first === undefined
      ? []
      : [warning(expected.name, `texts or links of ${texts.length} alerts differ, the first: ${first}`, remedy)]),
    ...evaluation(loaded, now),
    ...(different.length + texts.length > 0
      ? []
      : [ok(expected.name, `${expected.rules.length} rules, equal to the generated ones`)]),
  ];
}

/** Rules by name and difference. Recording rules with the same name are compared in their order. */
function differencesOf(expected: RuleGroup, loaded: LoadedGroup): [string, string][] {
  const left = [...loaded.rules];
  const differences = expected.rules.flatMap((rule): [string, string][] => {
    const name = nameOf(rule);
    const index = left.findIndex((each) => each.name === name && each.type === typeOf(rule));
    const [found] = index < 0 ? [] : left.splice(index, 1);
    if (found === undefined) return [[name, "is not loaded"]];
    const fields = differingFields(rule, found);
    return fields.length === 0 ? [] : [[name, `differs from the generated rule: ${fields.join("; ")}`]];
  });
  const interval = loaded.interval * 1_000 === parseDuration(expected.interval);
  return [
    ...(interval
      ? []
      : ([[expected.name, `is evaluated every ${loaded.interval} s, not every ${expected.interval}`]] as const)),
    ...differences,
    ...left.map(({ name }): [string, string] => [name, `is loaded in ${expected.name} and not generated`]),
  ].map(([rule, difference]) => [rule, difference]);
}

function differingFields(rule: Rule, loaded: LoadedRule): string[] {
  const differing = isSameExpression(rule.expr, loaded.query)
    ? []
    : [`it reads \`${loaded.query}\`, not \`${rule.expr.replaceAll(/\s+/g, " ")}\``];
  if ("alert" in rule) {
    for (const [name, wanted, seconds] of [
      ["for", rule.for, loaded.duration],
      ["keep_firing_for", rule.keep_firing_for, loaded.keepFiringFor],
    ] as const) {
      if (parseDuration(wanted ?? "") !== Math.round(seconds * 1_000)) {
        differing.push(`${name} is ${inSeconds(seconds)}, not ${wanted ?? "0s"}`);
      }
    }
  }
  return [...differing, ...differingPairs("label", rule.labels ?? {}, loaded.labels)];
}

/** Annotations change the text of a message, not whether it is sent. */
function textDifferencesOf(expected: RuleGroup, loaded: LoadedGroup): string[] {
  return expected.rules.flatMap((rule) => {
    if (!("alert" in rule)) return [];
    const found = loaded.rules.find(({ type, name }) => type === "alerting" && name === rule.alert);
    const [first] = found === undefined ? [] : differingPairs("annotation", rule.annotations, found.annotations);
    return first === undefined ? [] : [`${rule.alert}, ${first}`];
  });
}

function differingPairs(
  kind: string,
  wanted: Readonly<Record<string, string>>,
  loaded: Readonly<Record<string, string>>,
): string[] {
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(loaded)])];
  return names
    .filter((name) => wanted[name] !== loaded[name])
    .map((name) => {
      if (loaded[name] === undefined) return `it lacks the ${kind} ${name}`;
      if (wanted[name] === undefined) return `it has a further ${kind} ${name}="${loaded[name]}"`;
      return `${kind} ${name} is "${loaded[name]}", not "${wanted[name]}"`;
    });
}

function evaluation({ name, rules, interval, evaluationTime, lastEvaluation }: LoadedGroup, now: number): Finding[] {
  const last = Date.parse(lastEvaluation) / 1_000;
  // A group that has never run has the year 1.
  if (!(last > 0)) {
    return [
      warning(name, "has not been evaluated yet", "Prometheus spreads first evaluations over an interval: look again."),
    ];
  }
  const broken = rules.filter(({ health }) => health === "err");
  const ageSeconds = now - last;
  return [
    ...broken.map((rule) =>
      problem(rule.name, `its evaluation fails: ${rule.lastError}`, "Fix the error; until then the alert cannot fire."),
    ),
    ...(ageSeconds > interval * INTERVALS_UNTIL_STOPPED
      ? [problem(name, `was last evaluated ${inSeconds(ageSeconds)} ago`, "See Prometheus' log and its load.")]
      : []),
    ...(evaluationTime > interval
      ? [
          problem(
            name,
            `takes ${inSeconds(evaluationTime)}, longer than its interval: evaluations are skipped`,
            "Give Prometheus more CPU, or the ruler a closer store.",
          ),
        ]
      : []),
  ];
}

const nameOf = (rule: Rule) => ("alert" in rule ? rule.alert : rule.record);
const typeOf = (rule: Rule) => ("alert" in rule ? "alerting" : "recording");
