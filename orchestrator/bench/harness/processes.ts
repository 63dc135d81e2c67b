import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { BENCH_PROFILE } from "@mcp-orchestrator/e2e/testkit/config";

/** Linux counts CPU time in hundredths of a second. */
const TICKS_PER_SECOND = 100;
const STOP_LIMIT_MS = 5_000;

export type ForkOptions = {
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
};

/** The processes of `start` that have not ended. */
const running = new Set<ChildProcess>();
const END_WITH_PARENT = new URL("./endWithParent.ts", import.meta.url).href;

/** Starts a process that ends with the benchmark. Shows its errors, but not its output. */
export function start(script: URL, options: ForkOptions = {}): ChildProcess {
  const child = fork(script, options.args ?? [], {
    env: { ...process.env, ...options.env },
    execArgv: ["--import", END_WITH_PARENT, ...profilerOptions()],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  child.on("error", () => undefined);
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

/** Kills all processes of `start`. For an interrupted benchmark. */
export function killAll(): void {
  for (const child of running) child.kill("SIGKILL");
}

/** With BENCH_PROFILE=<dir>, each process of the benchmark writes a CPU profile there. */
export function profilerOptions(): string[] {
  return BENCH_PROFILE === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${BENCH_PROFILE}`];
}

/** Terminates the processes, and kills those that do not end within a few seconds. */
export async function stop(children: readonly ChildProcess[]): Promise<void> {
  await Promise.all(
    children.map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      const killer = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
      await ended;
      clearTimeout(killer);
    }),
  );
}

/** CPU seconds (user and system) of the processes so far; NaN without /proc. */
export function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      // The name in parentheses may contain spaces. utime and stime are fields 14 and 15.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      return Number.NaN;
    }
  }
  return ticks / TICKS_PER_SECOND;
}

/** Resident memory of a process in bytes; NaN without /proc. */
export function residentBytes(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
  } catch {
    return Number.NaN;
  }
}
