import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { promisify } from "node:util";

const BEHIND_OTHERS = "10";
const LIKE_OTHERS = "0";
const run = promisify(execFile);

/** Whether a session that stepped back can come forward again: only root may raise a priority. */
export const CAN_STEP_BACK = process.platform === "linux" && process.getuid?.() === 0;

/**
 * Lets all other processes go before those of a session, or no more. Linux may share out the cores among sessions first,
 * and then counts the priority of a process within its own alone: see "The autogroup feature" in sched(7).
 *
 * @param leader process id of the session's leader, whose process group all of them are in
 * @throws where it has ended, or is to come forward and CAN_STEP_BACK is false
 */
export async function stepBack(leader: number, on: boolean): Promise<void> {
  const nice = on ? BEHIND_OTHERS : LIKE_OTHERS;
  await run("renice", ["-n", nice, "-g", String(leader)]);
  await writeFile(`/proc/${leader}/autogroup`, nice, { flag: "r+" }).catch((error: NodeJS.ErrnoException) => {
    // A kernel that is built without it.
    if (error.code !== "ENOENT") throw error;
  });
}
