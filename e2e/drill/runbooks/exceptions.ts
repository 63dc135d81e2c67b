/**
 * Commands of the generated runbooks that the drill does not run, and why. A test holds that nothing else is left out. The
 * drill runs the native forms; the compose suite runs every compose form.
 */

export type RunbookException = {
  /** Ids of commands; in every runbook that has them. */
  readonly ids: readonly string[];
  readonly reason: string;
};

export const RUNBOOK_EXCEPTIONS: readonly RunbookException[] = [
  {
    ids: ["restart"],
    reason:
      "A restart is the native `start` after a stop, which the drill runs; `docker compose restart` is run by the " +
      "compose suite.",
  },
];

/** Why the drill does not run a command; undefined where it does. */
export function exceptionFor(id: string): string | undefined {
  return RUNBOOK_EXCEPTIONS.find(({ ids }) => ids.includes(id))?.reason;
}
