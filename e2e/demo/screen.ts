import { instanceOf, type TimingProfile } from "@mcp-orchestrator/alerts";
import pc from "picocolors";
import type { Scenario } from "../drill/episodes/scenario.ts";
import type { ActiveAlert } from "../testkit/servers/prometheusClient.ts";
import type { DemoEvent } from "./demo.ts";
import { type Addresses, DEMO_FAULTS, whatHappens, whatToSee } from "./faults.ts";

/** The content of the screen. */
export type Screen = {
  readonly addresses: Addresses;
  readonly profile: TimingProfile;
  /** Undefined if Prometheus does not answer. */
  readonly alerts: readonly ActiveAlert[] | undefined;
  /** The injected fault. */
  readonly fault: Scenario | undefined;
  /** The current activity, in a word. */
  readonly doing: string;
  readonly events: readonly DemoEvent[];
};

const RECOVER = "r";
const QUIT = "q";
/** The keys of the faults. */
const KEYS = [..."abcdefghijklmnopstuvwxyz", ..."123456789"];
const SHOWN_EVENTS = 6;
const MENU_COLUMNS = 2;
const NAME_WIDTH = Math.max(...DEMO_FAULTS.map(({ id }) => id.length)) + 2;
const STATE_COLORS = { pending: pc.yellow, firing: pc.red } as const;

/** The action of a key. */
export type Choice = Scenario | "recover" | "quit";

/** The action of a key; undefined if it has none. */
export function choiceOf(key: string): Choice | undefined {
  if (key === QUIT) return "quit";
  return key === RECOVER ? "recover" : DEMO_FAULTS[KEYS.indexOf(key)];
}

/** The demo as text for a terminal of 80 columns. */
export function renderScreen(screen: Screen): string {
  const { addresses, alerts, fault, doing, events, profile } = screen;
  return [
    `${pc.bold("mcp-orchestrator, demo")}: under load; durations of the rules divided by ${profile.factor}`,
    ...rows([
      ["Dashboards", addresses.dashboards],
      ["Inbox", addresses.inbox],
      ["Prometheus", `${addresses.prometheus}/alerts`],
      ["Alertmanager", addresses.alertmanager],
    ]),
    "",
    `${pc.bold("Alerts")} ${pc.dim("(those on error budgets are not loaded: they would last for minutes)")}`,
    ...alertLines(alerts),
    ...(fault === undefined ? [] : ["", `${pc.bold(`Fault: ${fault.id}`)} (${doing})`, `  ${whatHappens(fault)}`]),
    ...(fault === undefined ? [] : rows(whatToSee(fault, addresses, profile))),
    "",
    ...events.slice(-SHOWN_EVENTS).map(eventLine),
    "",
    ...(fault === undefined && doing !== "" ? [pc.dim(`  ${doing} ...`)] : menu(fault)),
  ].join("\n");
}

/** One line about an event. */
export function eventLine({ atMs, what, text }: DemoEvent): string {
  return `  ${(atMs / 1000).toFixed(1).padStart(6)} s  ${what.padEnd(9)} ${text}`;
}

function alertLines(alerts: Screen["alerts"]): string[] {
  if (alerts === undefined) return [`  ${pc.red("Prometheus does not answer")}`];
  if (alerts.length === 0) return [`  ${pc.green("none")}`];
  const lines = alerts.map(({ name, state, labels }) => {
    const { queue: _, ...own } = instanceOf(labels);
    return `  ${STATE_COLORS[state](state.padEnd(8))} ${name} ${pc.dim(Object.values(own).join(" "))}`;
  });
  return lines.toSorted();
}

function menu(fault: Scenario | undefined): string[] {
  const quit = `${pc.bold(QUIT)} quit`;
  if (fault !== undefined) return [`  ${pc.bold(RECOVER)} recover   ${quit}`];
  const items = DEMO_FAULTS.map(({ id }, index) => `${pc.bold(KEYS[index] ?? "")} ${id.padEnd(NAME_WIDTH)}`);
  const lines = Array.from({ length: Math.ceil(items.length / MENU_COLUMNS) }, (_, line) =>
    items.slice(line * MENU_COLUMNS, (line + 1) * MENU_COLUMNS).join(""),
  );
  return [pc.bold("Press a key to break something"), ...lines.map((line) => `  ${line}`), `  ${quit}`];
}

function rows(pairs: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `  ${name.padEnd(width)}  ${pc.cyan(value)}`);
}
