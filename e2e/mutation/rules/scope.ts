import { type AlertName, type Case, hours, parseDuration, shippedCatalogue } from "@mcp-orchestrator/alerts";
import { rulesOf } from "@mcp-orchestrator/alerts/tools";
import { clausesWithout } from "./expressions.ts";
import { nameOf, type RuleMutant, replaceRule } from "./rules.ts";

/**
 * The rules of several installations in one Prometheus, with one clause that does not keep them apart. Each plays another
 * sample, and the alerts of one must not depend on what the others do.
 */

const LABEL = "cluster";
const OWN = { [LABEL]: "eu" };
const NEIGHBOURS = Array.from({ length: 20 }, (_, index) => ({ [LABEL]: `us-${index}` }));
/** Longer samples have one neighbour. */
const LONG_MS = hours(2);

const withInstallations = (installations: readonly Readonly<Record<string, string>>[]) =>
  shippedCatalogue({ labels: [LABEL], installations: [...installations], replicaLabels: [] });
const casesIn = (installation: Readonly<Record<string, string>>) =>
  new Map(alertsOf(withInstallations([installation])).map(({ name, samples }) => [name, samples.cases]));
const alertsOf = ({ groups }: ReturnType<typeof withInstallations>) => groups.flatMap(({ alerts }) => alerts);

const ALL = withInstallations([OWN, ...NEIGHBOURS]);
const OWN_CASES = casesIn(OWN);
const NEIGHBOUR_CASES = NEIGHBOURS.map(casesIn);

/** The cases of one installation, each beside others in its neighbours. */
function casesOf(name: AlertName): Case[] {
  return (OWN_CASES.get(name) ?? []).map(({ annotated: _, ...sampleCase }, index, { length }): Case => {
    const count = parseDuration(sampleCase.expect.at(-1)?.at ?? "") > LONG_MS ? 1 : length - 1;
    const beside = NEIGHBOUR_CASES.slice(0, count).map(
      (cases, shift) => cases.get(name)?.[(index + 1 + shift) % length],
    );
    // One test has one interval for all of its series.
    const played = beside.filter((other) => other?.everySeconds === sampleCase.everySeconds);
    return { ...sampleCase, series: Object.assign({}, sampleCase.series, ...played.map((other) => other?.series)) };
  });
}

/** Every clause of the rules of an alert without the label of the installation. */
export function scopeMutants(name: AlertName): RuleMutant[] {
  const scoped = alertsOf(ALL).find((each) => each.name === name);
  if (scoped === undefined) return [];
  const alert = { ...scoped, samples: { ...scoped.samples, about: OWN, cases: casesOf(name) } };
  const original = rulesOf(alert, ALL);
  return original.groups.flatMap(({ rules }) =>
    rules.flatMap((rule) =>
      clausesWithout(LABEL, rule.expr).map(({ change, text }) => ({
        alert,
        kind: "scope",
        name: `${alert.name} / ${nameOf(rule)}: scope ${change}`,
        rules: replaceRule(original, rule, { ...rule, expr: text }),
        original,
      })),
    ),
  );
}
