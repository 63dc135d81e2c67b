import { readdirSync } from "node:fs";
import { constants, getPriority, setPriority } from "node:os";

/**
 * Lets this process run after those of normal priority: on a full machine the scrapes, health checks and leases of the main
 * process would wait behind the tasks. A process that is lower already stays where it is.
 */
export function giveWay(): void {
  const priority = Math.max(getPriority(), constants.priority.PRIORITY_BELOW_NORMAL);
  for (const thread of threads()) {
    try {
      setPriority(thread, priority);
    } catch {
      // It has ended since it was listed.
    }
  }
}

/** On Linux each thread has a priority of its own, and the garbage is collected by several. 0 is the caller. */
function threads(): number[] {
  return process.platform === "linux" ? readdirSync("/proc/self/task").map(Number) : [0];
}
