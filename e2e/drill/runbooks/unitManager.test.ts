import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { runInShell } from "./shell.ts";
import { startUnitManager } from "./unitManager.ts";

async function manager(start: () => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), "mcp-orchestrator-units-"));
  const logFile = join(folder, "output.log");
  await writeFile(logFile, "first\nnext\nlast\n");
  const calls: string[] = [];
  const units = await startUnitManager(folder, {
    "mcp-orchestrator": {
      start: async () => {
        await start();
        calls.push("start");
      },
      stop: async () => void calls.push("stop"),
      get pid() {
        return calls.at(-1) === "start" ? 4711 : undefined;
      },
      logFile,
    },
    prometheus: {
      start: async () => void calls.push("start of prometheus"),
      stop: async () => {},
      reload: async () => void calls.push("reload of prometheus"),
      logFile,
    },
  });
  onTestFinished(async () => {
    await units[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });
  const run = (command: string) =>
    runInShell(`${command} 2>/dev/null; echo "exit $?"`, {
      PATH: `${units.bin}:${process.env.PATH}`,
      ...units.environment,
    });
  return { calls, run };
}

test("systemctl starts, stops and restarts the service, and returns when that is done", async () => {
  const { calls, run } = await manager(async () => {});
  expect(await run("systemctl stop mcp-orchestrator")).toContain("exit 0");
  expect(await run("systemctl start mcp-orchestrator")).toContain("exit 0");
  expect(await run("systemctl restart mcp-orchestrator")).toContain("exit 0");
  expect(calls).toEqual(["stop", "start", "stop", "start"]);
});

test("a command for several units applies to each of them, and fails if one fails", async () => {
  const { calls, run } = await manager(async () => {});
  expect(await run("systemctl start prometheus mcp-orchestrator")).toContain("exit 0");
  expect(await run("systemctl reload mcp-orchestrator prometheus")).not.toContain("exit 0");
  expect(calls).toEqual(["start of prometheus", "start", "reload of prometheus"]);
  const journal = "journalctl --no-pager --lines 4 --unit mcp-orchestrator --unit prometheus";
  expect(await run(journal)).toBe("last\nfirst\nnext\nlast\nexit 0\n");
});

test("an unknown unit, an unknown verb and a start that fails are errors of the command", async () => {
  const { calls, run } = await manager(() => Promise.reject(new Error("it did not start")));
  for (const command of ["start redis", "reload mcp-orchestrator", "start mcp-orchestrator"]) {
    expect(await run(`systemctl ${command}`)).not.toContain("exit 0");
  }
  expect(calls).toEqual([]);
});

test("status says whether it runs, and the journal is the end of its output", async () => {
  const { run } = await manager(async () => {});
  expect(await run("systemctl status --no-pager mcp-orchestrator")).toContain("Active: inactive (dead)");
  await run("systemctl start mcp-orchestrator");
  expect(await run("systemctl status --no-pager mcp-orchestrator")).toContain("Main PID: 4711");
  expect(await run("journalctl --no-pager --unit mcp-orchestrator --lines 2")).toBe("next\nlast\nexit 0\n");
  expect(await run("journalctl --no-pager --lines 2 --unit redis")).toContain("-- No entries --");
  expect(await run("journalctl --since")).toContain("exit 1");
});
