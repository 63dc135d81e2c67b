import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { runInShell } from "./shell.ts";
import { startUnitManager } from "./unitManager.ts";

async function manager(start: () => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), "mcp-orchestrator-units-"));
  const calls: string[] = [];
  const units = await startUnitManager(folder, {
    start: async () => {
      await start();
      calls.push("start");
    },
    stop: async () => void calls.push("stop"),
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

test("systemctl starts and stops the service, and returns when it has", async () => {
  const { calls, run } = await manager(async () => {});
  expect(await run("systemctl stop mcp-orchestrator")).toContain("exit 0");
  expect(await run("systemctl start mcp-orchestrator")).toContain("exit 0");
  expect(calls).toEqual(["stop", "start"]);
});

test("an unknown unit, an unknown verb and a start that fails are errors of the command", async () => {
  const { calls, run } = await manager(() => Promise.reject(new Error("it did not start")));
  for (const command of ["start redis", "reload mcp-orchestrator", "start mcp-orchestrator"]) {
    expect(await run(`systemctl ${command}`)).not.toContain("exit 0");
  }
  expect(calls).toEqual([]);
});
