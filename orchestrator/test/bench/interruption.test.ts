import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { expect, it } from "vitest";

const MAIN = fileURLToPath(new URL("../../bench/main.ts", import.meta.url));
/** The service is there: redis-server, its guard, the main process and six workers. */
const PROCESSES = 9;
const LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 100;

it.each(["SIGTERM", "SIGKILL"] as const)("nothing that the benchmark started outlives its %s", async (signal) => {
  const folder = mkdtempSync(join(tmpdir(), "interrupted-"));
  using _folder = { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
  const bench = spawn(process.execPath, [MAIN, "--quick", "--scenario", "backlog"], {
    stdio: "ignore",
    env: { ...process.env, TMPDIR: folder },
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
  expect(readdirSync(folder).filter((name) => name.startsWith("redis-"))).toEqual([]);
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

/** Undefined for a process that is gone, or only waits to be reaped. */
function parentOf(pid: string): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? undefined : parent;
  } catch {
    return undefined;
  }
}
