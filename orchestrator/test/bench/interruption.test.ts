import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempDisposableSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { expect, it } from "vitest";

const MAIN = fileURLToPath(new URL("../../bench/main.ts", import.meta.url));
/** Number of processes once the service runs: redis-server, its reaper, the main process and six workers. */
const PROCESSES = 9;
const LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 100;

it.each(["SIGTERM", "SIGKILL"] as const)("no process that the benchmark started survives its %s", async (signal) => {
  using folder = mkdtempDisposableSync(join(tmpdir(), "interrupted-"));
  const bench = spawn(process.execPath, [MAIN, "--quick", "--scenario", "backlog"], {
    stdio: "ignore",
    env: { ...process.env, TMPDIR: folder.path },
  });
  const ended = once(bench, "exit");
  let started: string[] = [];
  const look = async () => {
    started = descendantsOf(String(bench.pid));
    return started.length;
  };
  await eventually(look, (count) => count >= PROCESSES, LIMIT_MS, LOOK_EVERY_MS);
  bench.kill(signal);
  await ended;
  await eventually(
    async () => started.filter((pid) => parentOf(pid) !== undefined),
    (left) => left.length === 0,
    LIMIT_MS,
  );
  expect(readdirSync(folder.path).filter((name) => name.startsWith("redis-"))).toEqual([]);
  expect(started.length).toBeGreaterThanOrEqual(PROCESSES);
});

function descendantsOf(pid: string): string[] {
  const parents = new Map(
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [name, parentOf(name)]),
  );
  const children = (of: string): string[] =>
    [...parents].flatMap(([child, parent]) => (parent === of ? [child, ...children(child)] : []));
  return children(pid);
}

/** Undefined for a process that has ended, or is a zombie. */
function parentOf(pid: string): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? undefined : parent;
  } catch {
    return undefined;
  }
}
