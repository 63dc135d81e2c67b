import type { FaultId } from "../faults.ts";

/** How the service is run, where a command depends on it. */
export const DEPLOYMENTS = ["compose", "supervisor", "native", "kubernetes"] as const;

export type Deployment = (typeof DEPLOYMENTS)[number];

/** What the output of a command shows. Numbers are the first one in the output. */
export type Shows =
  /** A regular expression, multi-line; case matters. `not` is an output of the opposite state, which it rejects. */
  | { readonly matches: string; readonly not: string }
  | { readonly numberAbove: number }
  | { readonly numberBelow: number }
  | { readonly nothing: true };

/** What a command prints: a claim, for the reader as a sentence and for a machine as a condition; or context. */
export type Output = Claim | Context;

/** The output distinguishes a system with the fault from one without. */
export type Claim = {
  /** Follows "Expected:" on the page. Text in backticks is an example that a machine accepts. */
  readonly expected?: string;
  readonly context?: never;
} & (
  | {
      /** What it must show while the alert is firing. */
      readonly firing: Shows;
      /** What it must show while nothing is wrong, where that differs. */
      readonly healthy?: Shows;
    }
  | { readonly firing?: Shows; readonly healthy: Shows }
);

/** The output informs the reader; none is right or wrong. `why` says what to look for. */
export type Context = {
  readonly context: true;
  readonly expected?: never;
  readonly firing?: never;
  readonly healthy?: never;
};

/** For a command that claims nothing. */
export const CONTEXT: Context = { context: true };

/** A command that a person can paste and a machine can run. Where deployments differ, `run` has one text for each. */
export type Command = Output & {
  /** Unique within its runbook, in kebab case. */
  readonly id: string;
  /** What it is for, in a sentence or two. */
  readonly why: string;
  readonly run: string | Readonly<Record<Deployment, string>>;
  /** True where it changes the system; all others only look. */
  readonly changes?: true;
  /** Reverts the change when the incident is over. */
  readonly undo?: Command;
};

/** A step of a procedure: a sentence, or a command with its own. */
export type Step = string | Command;

/** What to do where the cause is known; `fault` names the fault of the drill that has this cause. */
type Mitigation = { readonly cause: string; readonly fault?: FaultId; readonly steps: readonly Step[] };

/** A statement of the original runbook that does not hold. */
export type Correction = { readonly was: string; readonly now: string; readonly why: string };

/** What an on-call engineer reads while the alert is firing. */
export type Runbook = {
  /** What fired. */
  readonly meaning: string;
  /** What that means for users. */
  readonly impact: string;
  /** The commands, one to three, that come before everything else. */
  readonly first: readonly Command[];
  readonly diagnosis: readonly Step[];
  readonly mitigation: readonly Mitigation[];
  /** When to call for help, and whom. */
  readonly escalation: string;
  readonly prevention: readonly string[];
  readonly corrections: readonly Correction[];
  /** Alerts that are read together with this one. */
  readonly related: readonly string[];
};

/** The commands of some steps, without those that undo them. */
export function commandsIn(steps: readonly Step[]): Command[] {
  return steps.filter((step) => typeof step !== "string");
}

/** Every command of a runbook in its order, with those that undo a change; each once. */
export function commandsOf({
  first,
  diagnosis,
  mitigation,
}: Pick<Runbook, "first" | "diagnosis" | "mitigation">): Command[] {
  const steps = [...first, ...diagnosis, ...mitigation.flatMap((one) => one.steps)];
  const commands = commandsIn(steps).flatMap((command) => [command, ...(command.undo ? [command.undo] : [])]);
  return [...new Set(commands)];
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

/** What a command claims. @throws RangeError if it claims nothing */
export function claimOf(command: Command): Claim {
  if (command.context === true) throw new RangeError(`${command.id} claims nothing`);
  const { expected, firing, healthy } = command;
  return {
    ...(expected === undefined ? {} : { expected }),
    ...(firing && { firing }),
    ...(healthy && { healthy }),
  } as Claim;
}

/** The same command where its output means something else. */
export function withOutput({ id, why, run, changes, undo }: Command, output: Output): Command {
  return {
    id,
    why,
    run,
    ...(changes === undefined ? {} : { changes }),
    ...(undo === undefined ? {} : { undo }),
    ...output,
  };
}
