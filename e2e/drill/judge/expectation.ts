import type { ReceiverName } from "@mcp-orchestrator/alertmanager";
import type { AlertName } from "@mcp-orchestrator/alerts";

/** The labels that distinguish the instances of an alert; none if there is only one. */
export type Instance = Readonly<Record<string, string>>;

/** Accepts any value of a label, such as an address that differs each time. */
export const ANY = "*";

/** What must be true of one alert during an episode. */
export type ExpectedAlert = {
  /** Exactly these instances fire. */
  readonly instances: readonly Instance[];
  /** Exactly these receivers are notified, firing and resolved; none if it is inhibited. */
  readonly receivers: readonly ReceiverName[];
  /** It fires and is inhibited. */
  readonly inhibited?: true;
  /**
   * The higher-severity alert, if that ends first because it has the higher threshold of the same measure. Its
   * inhibition ends with it, so a notification from then on is right.
   */
  readonly outlives?: AlertName;
};

/** All alerts of an episode: one that is not named must not fire. */
export type Expectation = Readonly<Partial<Record<AlertName, ExpectedAlert>>>;

/** Fires as long as alerting works, in every episode; for the dead man's switch. */
export const ALWAYS_FIRING = "Watchdog";

/** They are about Prometheus and Alertmanager, which belong to no installation. */
const ABOUT_ALERTING: readonly string[] = [
  "NotificationsFailing",
  "RuleEvaluationFailing",
  "ConfigurationReloadFailed",
] satisfies AlertName[];

/**
 * An expectation as an installation has it: every alert about the service has its scope labels too.
 *
 * @param installation the values of its scope labels
 */
export function within(installation: Instance, expectation: Expectation): Expectation {
  return Object.fromEntries(
    Object.entries(expectation).map(([name, expected]) => [
      name,
      ABOUT_ALERTING.includes(name)
        ? expected
        : { ...expected, instances: expected.instances.map((instance) => ({ ...instance, ...installation })) },
    ]),
  );
}

/** Names of the expected alerts. */
export function alertsOf(expectation: Expectation): AlertName[] {
  return Object.keys(expectation) as AlertName[];
}

/** Whether a seen instance is the expected one. */
export function fits(expected: Instance, seen: Instance): boolean {
  const names = Object.keys(expected);
  return (
    names.length === Object.keys(seen).length &&
    names.every((name) => name in seen && (expected[name] === ANY || expected[name] === seen[name]))
  );
}

/** Canonical text of an instance, to compare and to print. */
export function instanceText(instance: Instance): string {
  const pairs = Object.entries(instance).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${pairs.map(([name, value]) => `${name}="${value}"`).join(", ")}}`;
}
