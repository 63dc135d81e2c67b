import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { promisify } from "node:util";

const LOW = "10";
const NORMAL = "0";
const run = promisify(execFile);

/** Whether the priority of a session can be restored: only root may raise a priority. */
export const CAN_CHANGE_PRIORITY = process.platform === "linux" && process.getuid?.() === 0;

/**
 * Lowers the priority of a session's processes, or restores it. With autogroups, Linux shares the cores among sessions,
 * and a priority counts within its session only: see "The autogroup feature" in sched(7).
 *
 * @param leader process id of the session's leader, whose process group all of them are in
 * @throws if it has ended, or cannot be restored because CAN_CHANGE_PRIORITY is false
 */
export async function lowerPriority(leader: number, on: boolean): Promise<void> {
  const nice = on ? LOW : NORMAL;
  await run("renice", ["-n", nice, "-g", String(leader)]);
  await writeFile(`/proc/${leader}/autogroup`, nice, { flag: "r+" }).catch((error: NodeJS.ErrnoException) => {
    // A kernel without autogroups.
    if (error.code !== "ENOENT") throw error;
  });
}
