import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { SpawnedCommand } from "./support/spawnedCommand.ts";

/** `npm run demo` in a script. */

const MAIN = fileURLToPath(new URL("../../../scripts/demo.ts", import.meta.url));

/** What the copy buttons of a page copy. */
function commandsOf(page: string): string[] {
  return [...page.matchAll(/<pre[^>]*><code>([\s\S]*?)<\/code>/g)].map(([, text = ""]) =>
    text
      .replaceAll("&quot;", '"')
      .replaceAll("&#39;", "'")
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&amp;", "&"),
  );
}

const demo = (...args: readonly string[]) => new SpawnedCommand(MAIN, () => args);

test("a fault's page arrives, the stack recovers, the status is 0, and nothing is left", async () => {
  await using command = demo("--fault", "memory", "--once");
  expect([await command.ended(), command.output]).toEqual([0, expect.stringMatching(/ page .*slack-warnings$/m)]);
  expect(command.output).toMatch(/resolved[\s\S]*The page was in the inbox [\d.]+ s after the fault/);
  await command.leavesNothing();
});

test("without a page in time the status is 1, and the output says what was seen", async () => {
  await using command = demo("--fault", "depth", "--once", "--within", "0.5");
  expect([await command.ended(), command.output]).toEqual([
    1,
    expect.stringMatching(/Waited \d+ ms for QueueDepthSpike to (be pending|fire).*Last seen/),
  ]);
});

test("the runbook in the inbox works as printed; Ctrl-C is status 130, and nothing is left", async () => {
  await using command = demo("--fault", "depth", "--once");
  await command.prints(/ pending +QueueDepthSpike$/m);
  const url = /what to do: (\S+)/.exec(command.output)?.[1] ?? "";
  const [preamble = "", ...commands] = commandsOf(await (await fetch(url)).text());
  const workers = commands.find((text) => text.includes("workers --by-type")) ?? "";
  const { stdout } = await promisify(execFile)("bash", ["-c", `${preamble}\n${workers}`]);
  expect(stdout).toMatch(/^reasoning\t\d of 2\t/m);
  command.signal("SIGINT");
  expect(await command.ended()).toBe(130);
  await command.leavesNothing();
});
