import type { AlertmanagerConfig, alertmanagerConfig, InhibitRule } from "@mcp-orchestrator/alertmanager";
import { ALERTS, type Alert, labelsOf } from "@mcp-orchestrator/alerts";

/** The configuration with one mistake in its inhibitions. */
export type InhibitionMutant = { readonly name: string; readonly config: AlertmanagerConfig };

/** Every single mistake that the operators make in the inhibitions. */
export function inhibitionMutants(config: ReturnType<typeof alertmanagerConfig>): InhibitionMutant[] {
  const rules = config.inhibit_rules;
  return rules.flatMap((rule) => {
    const name = `inhibition by ${rule.source_matchers.join(" ")}`;
    const replaced = (change: string, other: InhibitRule): InhibitionMutant => ({
      name: `${name}: ${change}`,
      config: { ...config, inhibit_rules: rules.map((each) => (each === rule ? other : each)) },
    });
    return [
      { name: `${name}: dropped`, config: { ...config, inhibit_rules: rules.filter((each) => each !== rule) } },
      replaced("source and target swapped", {
        ...rule,
        source_matchers: rule.target_matchers,
        target_matchers: rule.source_matchers,
      }),
      replaced("source is anything", { ...rule, source_matchers: ['alertname=~".+"'] }),
      replaced("target is anything", { ...rule, target_matchers: ['alertname=~".+"'] }),
      ...rule.equal.map((label) =>
        replaced(`equal without ${label}`, { ...rule, equal: rule.equal.filter((each) => each !== label) }),
      ),
      replaced("equal with severity", { ...rule, equal: [...rule.equal, "severity"] }),
      ...targetsOf(rule).map((target) =>
        replaced(`target ${target} dropped`, {
          ...rule,
          target_matchers: [matcherFor(targetsOf(rule).filter((each) => each !== target))],
        }),
      ),
      ...bystandersOf(rule).map((other) =>
        replaced(`target ${other} added`, { ...rule, target_matchers: [matcherFor([...targetsOf(rule), other])] }),
      ),
    ];
  });
}

/**
 * Alerts that the rule must not mute. It cannot mute those without a label of `equal`, and no alert inhibits itself.
 */
function bystandersOf(rule: InhibitRule): string[] {
  const agrees = (alert: Alert) =>
    rule.equal.every((label) => label in labelsOf(alert) || alert.signal?.labels.includes(label) === true);
  return ALERTS.filter(
    (alert) =>
      agrees(alert) &&
      !targetsOf(rule).includes(alert.name) &&
      !rule.source_matchers.includes(`alertname="${alert.name}"`),
  ).map(({ name }) => name);
}

function targetsOf({ target_matchers: [matcher = ""] }: InhibitRule): string[] {
  return (/"(.*)"/.exec(matcher)?.[1] ?? "").split("|");
}

function matcherFor(targets: readonly string[]): string {
  return `alertname=~"${targets.length === 0 ? "none" : targets.join("|")}"`;
}
