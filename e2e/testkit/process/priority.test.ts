import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { getPriority } from "node:os";
import { expect, onTestFinished, test } from "vitest";
import { CAN_CHANGE_PRIORITY, lowerPriority } from "./priority.ts";

test("a session's priority is lowered below all others and restored if possible", async () => {
  const child = spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  const leader = child.pid ?? 0;
  const sessionNice = () => {
    const file = `/proc/${leader}/autogroup`;
    return existsSync(file) ? Number(/nice (-?\d+)/.exec(readFileSync(file, "utf8"))?.[1]) : undefined;
  };
  const without = sessionNice() === undefined;

  await lowerPriority(leader, true);
  expect(getPriority(leader)).toBe(10);
  expect(sessionNice()).toBe(without ? undefined : 10);

  const restored = lowerPriority(leader, false);
  if (!CAN_CHANGE_PRIORITY) return expect(restored).rejects.toThrow(/renice/);
  await restored;
  expect(getPriority(leader)).toBe(0);
  expect(sessionNice()).toBe(without ? undefined : 0);
});
