/** Runs the native forms of all of them. */
const SUITE = "e2e/suites/stack/runbookCommands.test.ts";

/** Where commands are run: in the drill, or in a round of faults of the suites. */
export type Form = "drill" | "round";

export type RunbookException = {
  /** Ids of commands, in every runbook that has them. */
  readonly ids: readonly string[];
  readonly reason: string;
  /** Set if the rounds of faults run them. */
  readonly inRounds?: true;
};

/**
 * Runbook commands that the drill does not run, and why. A test checks that all others are run. The drill runs the
 * native forms. The compose suite runs every compose form: most under their faults, and after a stop what starts something.
 */
export const RUNBOOK_EXCEPTIONS: readonly RunbookException[] = [
  {
    ids: ["restart", "rolling-restart"],
    reason:
      "A restart without a fault is an outage. The suites run the first on a service that has stopped, and the second on " +
      `one that hangs: ${SUITE} the native forms.`,
  },
  {
    ids: ["alerting-start", "redis-start"],
    reason: `What they start runs under every fault of the drill. ${SUITE} stops it and runs the native forms.`,
  },
  {
    ids: ["alerting-reload"],
    reason:
      "A reload makes Prometheus before 3.0 forget its Alertmanagers for five seconds. The suites run it after a bad " +
      `configuration and a bad rule: ${SUITE} the native form.`,
    inRounds: true,
  },
  {
    ids: ["start-missing"],
    reason: "Its native form is that of `start-replica`, which the drill runs.",
  },
];

/** Why the drill, or a round, does not run a command; undefined if it does. */
export function exceptionFor(id: string, form: Form = "drill"): string | undefined {
  return RUNBOOK_EXCEPTIONS.find(({ ids, inRounds }) => ids.includes(id) && !(form === "round" && inRounds))?.reason;
}
