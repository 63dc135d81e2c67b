import type { ReceiverName } from "@mcp-orchestrator/alertmanager";
import type { AlertName } from "@mcp-orchestrator/alerts";

/** The labels that tell one instance of an alert from another; none where there is only one. */
export type Instance = Readonly<Record<string, string>>;

/** As the value of an expected label: whatever it is, such as an address that differs each time. */
export const ANY = "*";

/** What must be true of one alert during an episode. */
export type ExpectedAlert = {
  /** Exactly these instances fire. */
  readonly instances: readonly Instance[];
  /** Exactly these receivers are notified, firing and resolved. None is where it is inhibited. */
  readonly receivers: readonly ReceiverName[];
  /** It fires and is kept from everybody by another alert. */
  readonly inhibited?: true;
  /**
   * The higher-severity alert where that ends first, because both measure the same and it asks for more: a queue that drains. An
   * inhibition ends with it, so a notification from then on is right.
   */
  readonly outlives?: AlertName;
};

/** The whole picture of an episode: an alert that is not named must not fire. */
export type Expectation = Readonly<Partial<Record<AlertName, ExpectedAlert>>>;

/** Fires as long as alerting works, in every episode, and goes to the dead man's switch. */
export const ALWAYS_FIRING = "Watchdog";

/** Names of the alerts that an expectation wants. */
export function alertsOf(expectation: Expectation): AlertName[] {
  return Object.keys(expectation) as AlertName[];
}

/** Whether an instance that was seen is the one that was expected. */
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
