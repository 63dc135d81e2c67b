import {
  type AlertName,
  alertNamed,
  DASHBOARD_UID,
  DRILL_FACTOR,
  drillProfile,
  faultText,
  PANEL_IDS,
  type TimingProfile,
} from "@mcp-orchestrator/alerts";
import { DASHBOARDS, panelsOf } from "@mcp-orchestrator/dashboards";
import type { Scenario } from "../drill/episodes/scenario.ts";
import { SCENARIOS } from "../drill/episodes/scenarios.ts";
import { predict } from "../drill/judge/prediction.ts";

/** The addresses of everything that a person looks at. */
export type Addresses = Readonly<Record<"dashboards" | "inbox" | "prometheus" | "alertmanager" | "service", string>>;

/** The menu has no such fault. */
export class UnknownFaultError extends Error {
  readonly code = "UNKNOWN_FAULT";
  readonly subject: string;

  constructor(id: string) {
    super(`There is no fault ${id}. Known: ${DEMO_FAULTS.map((known) => known.id).join(", ")}`);
    this.name = "UnknownFaultError";
    this.subject = id;
  }
}

/** Durations of the demo's rules. */
export const DEMO_PROFILE = drillProfile(DRILL_FACTOR);
/** Within this the page of a fault arrives. */
export const PAGE_WITHIN_MS = 60_000;
/** Without another replica, nothing is left that Prometheus could scrape. */
const OF_SEVERAL_REPLICAS: readonly Scenario["fault"][] = ["hide-a-replica"];

/** The faults of the drill that one replica can show within that time, each once. */
export const DEMO_FAULTS: readonly Scenario[] = SCENARIOS.filter(
  (scenario, index) =>
    // Error budgets are not loaded.
    scenario.budgets === undefined &&
    SCENARIOS.findIndex(({ fault }) => fault === scenario.fault) === index &&
    !OF_SEVERAL_REPLICAS.includes(scenario.fault) &&
    predict(scenario, DEMO_PROFILE).notifiedMs < PAGE_WITHIN_MS,
);

/** The fault of an id. @throws UnknownFaultError */
export function faultNamed(id: string): Scenario {
  const found = DEMO_FAULTS.find((scenario) => scenario.id === id);
  if (found === undefined) throw new UnknownFaultError(id);
  return found;
}

/** What a fault does, in one line. */
export function whatHappens({ fault }: Scenario): string {
  return faultText(fault).inject;
}

/** What to look at during a fault, in one line each, with its address. */
export function whatToSee(scenario: Scenario, addresses: Addresses, profile: TimingProfile): [string, string][] {
  const { alert, expectation } = scenario;
  const { panel } = alertNamed(alert);
  const [overview] = DASHBOARDS;
  const title = overview && panelsOf(overview).find(({ key }) => key === panel)?.title;
  const seconds = Math.ceil(predict(scenario, profile).notifiedMs / 1000);
  const others = Object.entries(expectation).filter(([name]) => name !== alert);
  return [
    [`panel "${title}"`, `${addresses.dashboards}/d/${DASHBOARD_UID}?viewPanel=${PANEL_IDS[panel]}`],
    [`${receiversOf(scenario).join(" and ")}, within ${seconds} s`, addresses.inbox],
    ["what to do", `${addresses.inbox}/runbooks/${alert}.md`],
    ...others.map(([name, { inhibited, receivers }]): [string, string] => [
      `${name} as well`,
      inhibited ? `inhibited: it fires and no notification is sent` : `to ${receivers.join(", ")}`,
    ]),
  ];
}

/** The receivers of a fault's alert. */
export function receiversOf({ alert, expectation }: Scenario): readonly string[] {
  return expectation[alert as AlertName]?.receivers ?? [];
}
