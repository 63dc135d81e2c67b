import {
  commandText,
  type Deployment,
  outputShows,
  PREAMBLES,
  QUEUE_OF_LABELS,
  type Shows,
  type TimingProfile,
} from "@mcp-orchestrator/alerts";
import pLimit from "p-limit";
import { until } from "../../testkit/until.ts";
import type { Instance } from "../judge/expectation.ts";
import { lookBackMs, REMEMBERED_MS, type RunbookCommand } from "./plan.ts";

/** A command printed something else than its runbook says. */
class RunbookError extends Error {
  readonly code = "RUNBOOK";
  readonly subject: string;

  constructor({ alert, command }: RunbookCommand, when: When, shows: Shows, output: string) {
    super(
      `Runbook of ${alert}, ${command.id}: ${when} it must show ${JSON.stringify(shows)}, but it showed ` +
        `"${output.trim().slice(0, 400)}"`,
    );
    this.name = "RunbookError";
    this.subject = `${alert} ${command.id}`;
  }
}

/** The state of the system when a command is run. */
export type When = "without a fault" | "while the alert is on" | "as mitigation";

/** A command that printed what its runbook says. */
export type CommandRun = { readonly alert: string; readonly id: string; readonly when: When };

/** Where the commands of runbooks are run. */
export type RunbookShell = {
  readonly deployment: Deployment;
  /** Runs a text as an engineer would paste it, with variables, and returns its standard output. */
  readonly run: (text: string, variables: Readonly<Record<string, string>>) => Promise<string>;
};

export type RunbookRunnerDeps = {
  readonly shell: RunbookShell;
  readonly profile: TimingProfile;
  /** Ends the waiting for an expected output. */
  readonly signal: AbortSignal;
  ran(run: CommandRun): void;
};

/** What commands and servers may need. */
const SHOWN_WITHIN_MS = 15_000;
/** A rate shows what two scrapes have seen. */
const SCRAPES_UNTIL_SHOWN = 3;
/** Pause between two attempts: a command starts several processes. */
const AGAIN_MS = 1_000;
/** Commands at a time. */
const SIDE_BY_SIDE = 3;

/** Runs the commands of runbooks exactly as written. */
export class RunbookRunner {
  readonly #deps: RunbookRunnerDeps;

  constructor(deps: RunbookRunnerDeps) {
    this.#deps = deps;
  }

  /** The form of the commands that it runs. */
  get deployment(): Deployment {
    return this.#deps.shell.deployment;
  }

  /**
   * Runs commands that look, and compares their output with what the runbook says about a healthy system.
   *
   * @throws UntilTimeoutError with what was shown instead
   */
  async checkHealthy(commands: readonly RunbookCommand[], instanceOf: InstanceOf): Promise<void> {
    await this.#look(commands, (planned) => {
      const withinMs = Math.max(REMEMBERED_MS, lookBackMs(planned.command)) + this.#shownWithinMs();
      return this.#follow(planned, instanceOf, "without a fault", planned.command.healthy, withinMs);
    });
  }

  /**
   * Runs every command of a diagnosis while its alert is firing.
   *
   * @throws UntilTimeoutError with what was shown instead
   */
  async diagnose(commands: readonly RunbookCommand[], instanceOf: InstanceOf): Promise<void> {
    const withinMs = this.#shownWithinMs();
    await this.#look(commands, (planned) =>
      this.#follow(planned, instanceOf, "while the alert is on", planned.command.firing, withinMs),
    );
  }

  /** Runs commands that change something, each once. @throws RunbookError */
  async mitigate(commands: readonly RunbookCommand[], instanceOf: InstanceOf): Promise<void> {
    for (const planned of commands) {
      await this.#run(planned, instanceOf, "as mitigation", planned.command.firing);
    }
  }

  #shownWithinMs(): number {
    return SHOWN_WITHIN_MS + SCRAPES_UNTIL_SHOWN * this.#deps.profile.prometheus.scrapeIntervalMs;
  }

  /** Commands that change nothing run side by side. */
  async #look(commands: readonly RunbookCommand[], follow: (planned: RunbookCommand) => Promise<void>): Promise<void> {
    await pLimit(SIDE_BY_SIDE).map(commands, follow);
  }

  async #follow(
    planned: RunbookCommand,
    instanceOf: InstanceOf,
    when: When,
    shows: Shows | undefined,
    withinMs: number,
  ): Promise<void> {
    const { signal } = this.#deps;
    const what = `what ${planned.command.id} of ${planned.alert} must show`;
    await until(what, { timeoutMs: withinMs, intervalMs: AGAIN_MS, signal }, () =>
      this.#run(planned, instanceOf, when, shows),
    );
  }

  async #run(planned: RunbookCommand, instanceOf: InstanceOf, when: When, shows: Shows | undefined): Promise<void> {
    const { alert, command } = planned;
    const { deployment, run } = this.#deps.shell;
    const text = [QUEUE_OF_LABELS, PREAMBLES[deployment], commandText(command, deployment)].join("\n");
    const output = await run(text, labelsOf(instanceOf(alert)));
    if (shows !== undefined && !outputShows(output, shows)) throw new RunbookError(planned, when, shows, output);
    this.#deps.ran({ alert, id: command.id, when });
  }
}

/** The instance of an alert whose labels the commands get. */
export type InstanceOf = (alert: string) => Instance;

/** Variables that a reader sets by the labels of the alert; otherwise those of the preamble. */
function labelsOf({ type = "reasoning", lane = "express" }: Instance): Record<string, string> {
  return { TYPE: type, LANE: lane };
}
