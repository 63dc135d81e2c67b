import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { chooseRuntime } from "../../stack/runtime/choose.ts";
import { until } from "../../testkit/until.ts";
import { SpawnedCommand, STEP_TIMEOUT_MS } from "./support/spawnedCommand.ts";

/** `npm run drill` as a command, interrupted like by a person at a terminal. */

const MAIN = fileURLToPath(new URL("../../drill/main.ts", import.meta.url));

const runtime = await chooseRuntime();

test("Ctrl-C ends a running episode with a report and status 130, and leaves no process, container or folder", async () => {
  await using drill = drillAlone();
  await drill.prints(/ healthy$/m);
  drill.signal("SIGINT");
  expect(await drill.ended()).toBe(130);
  expect(JSON.parse(readFileSync(reportIn(drill.directory), "utf8"))).toMatchObject({
    passed: false,
    runtime: runtime.name,
  });
  await drill.leavesNothing();
});

test("Ctrl-C while a stack starts ends it and leaves nothing", async () => {
  await using drill = drillAlone();
  await drill.prints(/ starting its stack$/m);
  await until("a server to start", { timeoutMs: STEP_TIMEOUT_MS }, () => expect(drill.folders()).not.toEqual([]));
  drill.signal("SIGINT");
  expect(await drill.ended()).toBe(130);
  await drill.leavesNothing();
});

test("Ctrl-C ends a running schedule of random faults with its figures and status 130, and leaves nothing", async () => {
  await using drill = new SpawnedCommand(MAIN, (directory) => ["--random", "1", "--json", reportIn(directory)]);
  await drill.prints(/ starts: /);
  drill.signal("SIGINT");
  expect(await drill.ended()).toBe(130);
  expect(drill.output).toMatch(/Interrupted: \d+ were not run/);
  expect(JSON.parse(readFileSync(reportIn(drill.directory), "utf8"))).toMatchObject({ schedules: 0, notRun: 0 });
  await drill.leavesNothing();
});

test("the leftovers of a killed drill are removed", async () => {
  await using drill = drillAlone();
  await drill.prints(/ healthy$/m);
  drill.signal("SIGKILL");
  expect(await drill.ended()).toBe("SIGKILL");
  await drill.leavesNothing();
});

const reportIn = (directory: string) => join(directory, "drill.json");

function drillAlone(): SpawnedCommand {
  return new SpawnedCommand(MAIN, (directory) => {
    const report = reportIn(directory);
    return ["--only", "steady-load", "--json", report, "--markdown", `${report}.md`, "--svg", `${report}.svg`];
  });
}
