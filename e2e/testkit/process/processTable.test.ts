import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "../until.ts";
import { descendantsOf, processTable } from "./processTable.ts";

test("a process is found among the descendants of all its ancestors, with its state", async () => {
  const shell = spawn("sh", ["-c", "sleep 60 & wait"], { detached: true, stdio: "ignore" });
  await once(shell, "spawn");
  const leader = shell.pid ?? 0;
  onTestFinished(() => void process.kill(-leader, "SIGKILL"));
  const sleeping = () => processTable().then((table) => descendantsOf(process.pid, table).filter(isSleep));
  const isSleep = ({ group, args }: { group: number; args: string }) => group === leader && args === "sleep 60";
  // It runs for a moment before it sleeps.
  const [found, ...others] = await eventually(sleeping, ([started]) => started?.state === "S");
  expect(others).toEqual([]);
  expect(found?.parent).toBe(leader);
  process.kill(found?.pid ?? 0, "SIGSTOP");
  await eventually(sleeping, ([stopped]) => stopped?.state === "T");
});
