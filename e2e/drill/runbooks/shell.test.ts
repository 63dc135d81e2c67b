import { expect, onTestFinished, test, vi } from "vitest";
import { MissingProgramError, runInShell, ShellLostError } from "./shell.ts";

const environment = { PATH: process.env.PATH ?? "", QUEUE: "mcp:queue:ml" };

test("a command gets its variables, and its output is returned", async () => {
  expect(await runInShell('printf %s "$QUEUE" | tr a-z A-Z', environment)).toBe("MCP:QUEUE:ML");
});

test("a command that finds nothing is not an error", async () => {
  expect(await runInShell("echo nothing | grep -E something | tail -20", environment)).toBe("");
});

test("a missing program is an error that names the command", async () => {
  await expect(runInShell("a-program-that-is-missing --version | cat", environment)).rejects.toThrow(
    MissingProgramError,
  );
});

test("a command does not inherit the caller's environment", async () => {
  vi.stubEnv("RUNBOOK_SECRET", "secret");
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(await runInShell('printf %s "$RUNBOOK_SECRET"', environment)).toBe("");
});

test("a command whose process is killed is an error that names it, and the next one gets a new process", async () => {
  await expect(runInShell('kill -9 "$PPID"', environment)).rejects.toThrow(ShellLostError);
  expect(await runInShell("echo again", environment)).toBe("again\n");
});
