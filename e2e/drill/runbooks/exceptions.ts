/** Commands of the generated runbooks that no drill runs, and why. A test holds that nothing else is left out. */

export type RunbookException = {
  /** Ids of commands; in every runbook that has them. */
  readonly ids: readonly string[];
  /** The forms that are left out; all of them unless given. */
  readonly deployments?: readonly ("compose" | "supervisor" | "native")[];
  readonly reason: string;
};

export const RUNBOOK_EXCEPTIONS: readonly RunbookException[] = [
  {
    ids: ["ack-log", "orphans", "slow-tasks", "stuck-workers", "crash-log", "exceptions", "killed-by", "start-log"],
    deployments: ["compose", "supervisor"],
    reason: "Another way to the same log: the pattern is run in its native form.",
  },
  {
    ids: ["failed-log", "invalid-payloads", "late", "last-log"],
    deployments: ["compose", "supervisor"],
    reason: "Another way to the same log: the pattern is run in its native form.",
  },
  {
    ids: ["worker-processes"],
    deployments: ["compose", "supervisor"],
    reason: "The supervisor form is the native one; the compose form needs the compose stack, which the drill is not.",
  },
  {
    ids: ["start"],
    deployments: ["compose", "supervisor"],
    reason:
      "The drill has a unit manager for the native form; compose starts and restarts are run by the compose suite.",
  },
  {
    ids: ["restart"],
    reason:
      "A restart is the native `start` after a stop, which the drill runs; `docker compose restart` is run by the " +
      "compose suite.",
  },
];

/** Why a command is not run in a deployment; undefined where it is. */
export function exceptionFor(id: string, deployment: string): string | undefined {
  return RUNBOOK_EXCEPTIONS.find(
    ({ ids, deployments }) => ids.includes(id) && (deployments?.some((one) => one === deployment) ?? true),
  )?.reason;
}
