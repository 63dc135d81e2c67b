import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** A process of this machine, as ps shows it. */
export type ProcessEntry = {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** One letter: T is stopped, Z has ended. */
  readonly state: string;
  readonly args: string;
};

const TIMEOUT_MS = 10_000;
const LINE = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S)\S*\s+(.*)$/;
const run = promisify(execFile);

/** Every process of this machine. */
export async function processTable(): Promise<ProcessEntry[]> {
  const { stdout } = await run("ps", ["-A", "-o", "pid=,ppid=,pgid=,stat=,args="], { timeout: TIMEOUT_MS });
  return stdout.split("\n").flatMap((line) => {
    const [, pid, parent, group, state = "", args = ""] = LINE.exec(line) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), group: Number(group), state, args }];
  });
}

/** A process's children, their children, and so on. */
export function descendantsOf(root: number, table: readonly ProcessEntry[]): ProcessEntry[] {
  const found: ProcessEntry[] = [];
  const parents = [root];
  for (const parent of parents) {
    const children = table.filter((entry) => entry.parent === parent);
    found.push(...children);
    parents.push(...children.map(({ pid }) => pid));
  }
  return found;
}
