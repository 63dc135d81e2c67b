import {
  ALERTS,
  type AlertName,
  BUNDLE,
  buildCatalogue,
  type Command,
  commandsIn,
  commandsOf,
  commandText,
  type FaultId,
  minutes,
  parseDuration,
  type Runbook,
} from "@mcp-orchestrator/alerts";
import { exceptionFor, type Form } from "./exceptions.ts";

/** A command of an alert's runbook. */
export type RunbookCommand = { readonly alert: AlertName; readonly command: Command };

/** The deployment form of the drill's service. */
export const DRILL_DEPLOYMENT = "native";

/** How long metrics show an earlier fault, except to a command that looks back further. */
export const REMEMBERED_MS = minutes(1);

/** How far back the queries of a command look, the same at every scale. */
export function lookBackMs(command: Command): number {
  return longestRangeMs(commandText(command, DRILL_DEPLOYMENT));
}

/** The longest range in a text with queries; 0 without one. */
export function longestRangeMs(text: string): number {
  const ranges = text.matchAll(/\[((?:\d+(?:ms|[smh]))+)\]/g);
  return Math.max(0, ...[...ranges].map(([, range = ""]) => parseDuration(range)));
}

/** The commands of a fault. */
export type FaultPlan = {
  readonly diagnosis: readonly RunbookCommand[];
  readonly mitigation: readonly RunbookCommand[];
  /** Of the opened runbooks, what they do about causes that no fault has, each with the command that undoes it. */
  readonly otherCauses: readonly RunbookCommand[];
};

/**
 * The commands for a fault: the diagnosis of the opened runbooks, and their fix for its cause.
 * @param alerts whose runbooks are opened
 * @param replicas of the service, as its runbooks expect them
 * @param form of the run, which decides what is left out
 */
export function planFor(
  fault: FaultId,
  alerts: readonly AlertName[],
  replicas: number,
  form: Form = "drill",
): FaultPlan {
  const opened = catalogueFor(replicas)
    .groups.flatMap((group) => group.alerts)
    .filter(({ name }) => alerts.includes(name));
  const of = (pick: (runbook: Runbook) => readonly Command[]) =>
    opened.flatMap(({ name, runbook }) =>
      pick(runbook)
        .filter(({ id }) => exceptionFor(id, form) === undefined)
        .map((command) => ({ alert: name, command })),
    );
  return {
    diagnosis: of(({ first, diagnosis }) => commandsIn([...first, ...diagnosis]).filter(({ changes }) => !changes)),
    mitigation: of(({ mitigation }) =>
      mitigation.filter((one) => one.fault === fault).flatMap(({ steps }) => commandsIn(steps)),
    ),
    otherCauses: of(({ mitigation }) =>
      commandsOf({ first: [], diagnosis: [], mitigation: mitigation.filter((one) => one.fault === undefined) }),
    ),
  };
}

type Catalogue = ReturnType<typeof buildCatalogue>;
const catalogues = new Map<number, Catalogue>();

/** The catalogue for a service with so many replicas. Kept: every scenario asks for it, and it takes a while to build. */
function catalogueFor(replicas: number): Catalogue {
  const catalogue = catalogues.get(replicas) ?? buildCatalogue({ ...BUNDLE, expectedReplicas: replicas });
  catalogues.set(replicas, catalogue);
  return catalogue;
}

/** Every command that no fault's plan runs and no exception leaves out; each once per runbook. */
export function remainingCommands(plans: readonly FaultPlan[]): RunbookCommand[] {
  const key = ({ alert, command }: RunbookCommand) => `${alert} ${command.id}`;
  const planned = new Set(plans.flatMap(({ diagnosis, mitigation }) => [...diagnosis, ...mitigation].map(key)));
  const all = ALERTS.flatMap(({ name, runbook }) =>
    commandsOf(runbook).map((command) => ({ alert: name, command })),
  ).filter(({ command }) => exceptionFor(command.id) === undefined);
  return [...new Map(all.map((one) => [key(one), one])).values()].filter((one) => !planned.has(key(one)));
}
