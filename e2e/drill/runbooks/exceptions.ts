/** Runs the native forms of all of them. */
const SUITE = "e2e/suites/stack/unitCommands.test.ts";
export type RunbookException = {
  /** Ids of commands, in every runbook that has them. */
  readonly ids: readonly string[];
  readonly reason: string;
};

/**
 * Runbook commands that the drill does not run, and why. A test checks that all others are run. The drill runs the
 * native forms. The compose suite runs every compose form: most under their faults, and after a stop what starts something.
 */
export const RUNBOOK_EXCEPTIONS: readonly RunbookException[] = [
  {
    ids: ["restart", "rolling-restart"],
    reason: `A restart without a fault is an outage. ${SUITE} runs the native forms.`,
  },
  {
    ids: ["alerting-start", "redis-start"],
    reason: `What they start runs under every fault of the drill. ${SUITE} stops it and runs the native forms.`,
  },
  {
    ids: ["alerting-reload"],
    reason: `A reload makes Prometheus before 3.0 forget its Alertmanagers for five seconds. ${SUITE} runs the native form.`,
  },
  {
    ids: ["start-missing"],
    reason: "Its native form is that of `start-replica`, which the drill runs.",
  },
];

/** Why the drill does not run a command; undefined if it does. */
export function exceptionFor(id: string): string | undefined {
  return RUNBOOK_EXCEPTIONS.find(({ ids }) => ids.includes(id))?.reason;
}
