import { CatalogueError } from "../errors.ts";
import type { FaultId } from "./faults.ts";

/** How the service is run, where a command depends on it. */
export const DEPLOYMENTS = ["compose", "supervisor", "native", "kubernetes"] as const;

export type Deployment = (typeof DEPLOYMENTS)[number];

/** What the output of a command shows. Numbers are the first one in the output. */
export type Shows =
  /** A regular expression, multi-line; case matters. */
  | { readonly matches: string }
  | { readonly numberAbove: number }
  | { readonly numberBelow: number }
  | { readonly nothing: true };

/** A command that a person can paste and a machine can run. Where deployments differ, `run` has one text for each. */
export type Command = {
  /** Unique within its runbook, in kebab case. */
  readonly id: string;
  /** What it is for, as one sentence. */
  readonly why: string;
  readonly run: string | Readonly<Record<Deployment, string>>;
  /** What it must show while the alert is on. */
  readonly firing?: Shows;
  /** What it must show when all is well, where that differs. */
  readonly healthy?: Shows;
};

/** A step of a procedure: what to do, and the commands that do it. */
export type Step = { readonly text: string; readonly commands?: readonly Command[] };

/** What to do where the cause is known; `fault` names the fault of the drill that has this cause. */
export type Mitigation = { readonly cause: string; readonly fault?: FaultId; readonly steps: readonly Step[] };

/** Something in the original runbook that is not so. */
export type Correction = { readonly was: string; readonly now: string; readonly why: string };

/** What an engineer reads while the alert is on. */
export type Runbook = {
  readonly meaning: string;
  readonly impact: string;
  /** Ids of the commands, three at most, that come before everything else. */
  readonly first?: readonly string[];
  readonly symptoms: readonly string[];
  readonly diagnosis: readonly Step[];
  readonly mitigation: readonly Mitigation[];
  readonly escalation: string;
  readonly prevention: readonly string[];
  readonly corrections: readonly Correction[];
  /** Alerts that are read together with this one. */
  readonly related: readonly string[];
};

/** Every command of a runbook, in its order. */
export function commandsOf(runbook: Runbook): Command[] {
  const steps = [...runbook.diagnosis, ...runbook.mitigation.flatMap((mitigation) => mitigation.steps)];
  return steps.flatMap((step) => step.commands ?? []);
}

/** The commands that come before everything else. @throws CatalogueError for an id that the runbook does not have */
export function firstCommandsOf(runbook: Runbook): Command[] {
  const commands = commandsOf(runbook);
  return (runbook.first ?? []).map((id) => {
    const command = commands.find((one) => one.id === id);
    if (command === undefined) {
      throw new CatalogueError("UNKNOWN_COMMAND", id, `No command of the runbook is called ${id}`);
    }
    return command;
  });
}

/** The command as it is run in a deployment. */
export function commandText(command: Command, deployment: Deployment): string {
  return typeof command.run === "string" ? command.run : command.run[deployment];
}

/** Does an output show what it must? */
export function outputShows(output: string, shows: Shows): boolean {
  if ("matches" in shows) return new RegExp(shows.matches, "m").test(output);
  if ("nothing" in shows) return output.trim() === "";
  const number = Number(/-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/i.exec(output)?.[0] ?? Number.NaN);
  return "numberAbove" in shows ? number > shows.numberAbove : number < shows.numberBelow;
}
