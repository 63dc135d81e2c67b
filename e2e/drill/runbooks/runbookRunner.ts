import { commandText, outputShows, PREAMBLES, type Shows } from "@mcp-orchestrator/alerts";
import type { Lane } from "mcp-orchestrator/contract";
import { createKeys } from "mcp-orchestrator/keys";
import { KEY_PREFIX } from "../../stack/stack.ts";
import { limited } from "../../testkit/limited.ts";
import { until } from "../../testkit/until.ts";
import type { Instance } from "../judge/expectation.ts";
import { DRILL_DEPLOYMENT, type RunbookCommand } from "./plan.ts";
import { runInShell } from "./shell.ts";

/** What a command printed is not what its runbook says. */
export class RunbookError extends Error {
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

/** In which state of the system a command is run. */
export type When = "while all is well" | "while the alert is on" | "as mitigation";

/** A command that was run and showed what its runbook says. */
export type CommandRun = { readonly alert: string; readonly id: string; readonly when: When };

export type RunbookRunnerDeps = {
  /** The variables at the head of the runbooks, and PATH. */
  readonly environment: Readonly<Record<string, string>>;
  /** Ends the waiting for what a command must show. */
  readonly signal: AbortSignal;
  ran(run: CommandRun): void;
};

/** A query over the last minute forgets what was before in a minute, at every scale. */
const HEALTHY_WITHIN_MS = 75_000;
const SHOWN_WITHIN_MS = 15_000;
/** A command is several processes: not to be run ten times a second. */
const AGAIN_MS = 1_000;
/** Commands at a time. */
const SIDE_BY_SIDE = 3;

/** Follows runbooks to the letter. */
export class RunbookRunner {
  readonly #deps: RunbookRunnerDeps;

  constructor(deps: RunbookRunnerDeps) {
    this.#deps = deps;
  }

  /**
   * Runs commands that look, and holds them against what the runbook claims they show when all is well.
   *
   * @throws UntilTimeoutError with what was shown instead
   */
  async checkHealthy(commands: readonly RunbookCommand[], instanceOf: InstanceOf): Promise<void> {
    await this.#look(commands, (planned) =>
      this.#follow(planned, instanceOf, "while all is well", planned.command.healthy, HEALTHY_WITHIN_MS),
    );
  }

  /**
   * Runs every command of a diagnosis while its alert is on.
   *
   * @throws UntilTimeoutError with what was shown instead
   */
  async diagnose(commands: readonly RunbookCommand[], instanceOf: InstanceOf): Promise<void> {
    await this.#look(commands, (planned) =>
      this.#follow(planned, instanceOf, "while the alert is on", planned.command.firing, SHOWN_WITHIN_MS),
    );
  }

  /** Runs commands that change something, each once. @throws RunbookError */
  async mitigate(commands: readonly RunbookCommand[], instanceOf: InstanceOf): Promise<void> {
    for (const planned of commands) {
      await this.#run(planned, instanceOf, "as mitigation", planned.command.firing);
    }
  }

  /** Commands that change nothing need not wait for each other. */
  async #look(commands: readonly RunbookCommand[], follow: (planned: RunbookCommand) => Promise<void>): Promise<void> {
    await Promise.all(commands.map(limited(SIDE_BY_SIDE, follow)));
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
    const environment = { ...this.#deps.environment, ...instanceVariables(instanceOf(alert)) };
    const output = await runInShell(
      `${PREAMBLES[DRILL_DEPLOYMENT]}\n${commandText(command, DRILL_DEPLOYMENT)}`,
      environment,
    );
    if (shows !== undefined && !outputShows(output, shows)) throw new RunbookError(planned, when, shows, output);
    this.#deps.ran({ alert, id: command.id, when });
  }
}

/** The instance of an alert whose labels the commands get. */
export type InstanceOf = (alert: string) => Instance;

/** The second line at the head of the runbooks; what the labels do not tell is as it stands there. */
function instanceVariables({ type = "reasoning", lane = "express", queue }: Instance): Record<string, string> {
  const { stream, group } = createKeys(KEY_PREFIX).queue(type, lane as Lane);
  return {
    TYPE: type,
    LANE: lane,
    QUEUE: queue ?? stream,
    GROUP: group,
  };
}
