import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { promisify } from "node:util";

const LOW = "10";
const NORMAL = "0";
const run = promisify(execFile);

/** Whether the priority of a session can be lowered and restored: only root may raise a priority. */
export const CAN_CHANGE_PRIORITY = process.platform === "linux" && process.getuid?.() === 0;

/**
 * Lowers the priority of a session's processes, or restores it. Linux may share out the cores among sessions first, and
 * then counts the priority of a process within its own alone: see "The autogroup feature" in sched(7).
 *
 * @param leader process id of the session's leader, whose process group all of them are in
 * @throws where it has ended, or where the priority is to be restored and CAN_CHANGE_PRIORITY is false
 */
export async function lowerPriority(leader: number, on: boolean): Promise<void> {
  const nice = on ? LOW : NORMAL;
  await run("renice", ["-n", nice, "-g", String(leader)]);
  await writeFile(`/proc/${leader}/autogroup`, nice, { flag: "r+" }).catch((error: NodeJS.ErrnoException) => {
    // A kernel that is built without it.
    if (error.code !== "ENOENT") throw error;
  });
}
