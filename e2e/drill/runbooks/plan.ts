import {
  ALERTS,
  type AlertName,
  alertNamed,
  type Command,
  commandsOf,
  type FaultId,
  type Runbook,
} from "@mcp-orchestrator/alerts";
import { exceptionFor } from "./exceptions.ts";

/** A command of an alert's runbook. */
export type RunbookCommand = { readonly alert: AlertName; readonly command: Command };

/** How the drill's service is run, for commands that depend on it. */
export const DRILL_DEPLOYMENT = "native";

/** What is run in the course of a fault. */
export type FaultPlan = {
  readonly diagnosis: readonly RunbookCommand[];
  readonly mitigation: readonly RunbookCommand[];
};

/**
 * The commands that belong to a fault: the diagnosis of the runbooks that an engineer opens for it, and what they say
 * against this cause.
 *
 * @param alerts whose runbooks are opened
 */
export function planFor(fault: FaultId, alerts: readonly AlertName[]): FaultPlan {
  const of = (pick: (runbook: Runbook) => readonly Command[]) =>
    alerts.flatMap((alert) =>
      pick(alertNamed(alert).runbook)
        .filter(({ id }) => exceptionFor(id) === undefined)
        .map((command) => ({ alert, command })),
    );
  return {
    diagnosis: of(({ diagnosis }) => diagnosis.flatMap(({ commands = [] }) => commands)),
    mitigation: of(({ mitigation }) =>
      mitigation
        .filter((one) => one.fault === fault)
        .flatMap(({ steps }) => steps.flatMap(({ commands = [] }) => commands)),
    ),
  };
}

/** Every command of every runbook that no fault's plan runs and no exception leaves out; each once per runbook. */
export function remainingCommands(plans: readonly FaultPlan[]): RunbookCommand[] {
  const key = ({ alert, command }: RunbookCommand) => `${alert} ${command.id}`;
  const planned = new Set(plans.flatMap(({ diagnosis, mitigation }) => [...diagnosis, ...mitigation].map(key)));
  const all = ALERTS.flatMap(({ name, runbook }) =>
    commandsOf(runbook).map((command) => ({ alert: name, command })),
  ).filter(({ command }) => exceptionFor(command.id) === undefined);
  return [...new Map(all.map((one) => [key(one), one])).values()].filter((one) => !planned.has(key(one)));
}
