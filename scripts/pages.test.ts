import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ALERTS, GROUPS } from "@mcp-orchestrator/alerts";
import { BUILT_IN_TYPES } from "mcp-orchestrator/contract";
import { SETTINGS } from "mcp-orchestrator/settings";
import { expect, it } from "vitest";
import { ROOT } from "./provision/command.ts";

/** Names and figures of pages that people write, held against the code and the benchmark. */

const textOf = (page: string) => readFileSync(join(ROOT, page), "utf8");

it("the decision about alerts beside the nine names each of them", () => {
  const [, decision = ""] = /^## Decision\n([\s\S]*?)^How /m.exec(
    textOf("docs/adr/what-is-alerted-beside-the-nine.md"),
  ) ?? ["", ""];
  const named = [...decision.matchAll(/\b(?:[A-Z][a-z]+){2,}\b|\bWatchdog\b/g)].map(([name]) => name);
  const [, ...others] = GROUPS;
  const names = others.flatMap(({ alerts }) => alerts.map(({ name }) => name));
  expect(named.toSorted()).toEqual(names.toSorted());
});

it.each([
  ["README.md", /Built in: (.*?) \|/, /`(\w+)`/g],
  ["docs/guides/handlers.md", /^\|---.*\n([\s\S]*?)\n\n/m, /^\| `(\w+)`/gm],
])("%s lists the built-in task types", (page, list, entry) => {
  const [, types = ""] = list.exec(textOf(page)) ?? [];
  expect([...types.matchAll(entry)].map(([, type]) => type)).toEqual([...BUILT_IN_TYPES]);
});

it("the settings of the installation guide are known, with values that systemd reads as they are", () => {
  const [, block = ""] = /```sh\n\s*(REDIS_URL=[\s\S]*?)\n\s*```/.exec(textOf("docs/guides/installation.md")) ?? [];
  const lines = block.split("\n").map((line) => line.trim());
  expect(lines.length).toBeGreaterThan(3);
  expect(lines.filter((line) => !((/^(\w+)=[^\s#]+$/.exec(line)?.[1] ?? "") in SETTINGS))).toEqual([]);
});

it("the runbook that counts tasks per worker has the default of WORKER_CONCURRENCY", () => {
  const slots = SETTINGS.WORKER_CONCURRENCY.fallback;
  expect(textOf("alerts/generated/runbooks/ExpressLatencyHigh.md")).toContain(`less than ${slots}, the default.`);
});

it("ARCHITECTURE.md names the loops of the main process", () => {
  const files = ["service.ts", "supervisor/maintenance.ts", "supervisor/supervisor.ts"];
  const code = files.map((file) => textOf(`orchestrator/src/${file}`)).join("\n");
  const loops = [...code.matchAll(/new Loop\(\{\s*name: "([^"]+)"|\bloop\("([^"]+)"/g)].map(
    ([, own, short]) => own ?? short,
  );
  const [, named = ""] = /^The main process has these loops:\n\n([\s\S]*?)\n\n/m.exec(textOf("ARCHITECTURE.md")) ?? [];
  expect(
    named
      .slice(2)
      .split(/, |\n- /)
      .toSorted(),
  ).toEqual(loops.toSorted());
});

it("the decision about missed scrapes has the range of keep_firing_for in minutes", () => {
  const minutes = ALERTS.filter(({ keepFiringForMs }) => keepFiringForMs > 0).map(
    ({ keepFiringForMs }) => keepFiringForMs / 60_000,
  );
  expect([Math.min(...minutes), Math.max(...minutes)]).toEqual([1, 3]);
  expect(textOf("docs/adr/holdover-for-missed-scrapes.md")).toContain("`keep_firing_for` adds one to three.");
});

it.each([
  ["adr/task-ids-carry-the-stream-id.md", "queued task of 200 bytes | Redis bytes", /costs (\S+) bytes/, 1],
  ["adr/worker-processes.md", "resident memory of the 7 processes | MiB", /about (\S+) MiB/, 7],
  [
    "explanations/performance.md",
    "1 process, concurrency 100, results kept | Redis commands/task",
    /concurrency 100 \|.*?\| (\S+)/,
    1,
  ],
  [
    "explanations/performance.md",
    "1 process, concurrency 1, results kept | Redis commands/task",
    /one task at a time needs (\S+)/,
    1,
  ],
])("a figure of docs/%s is the benchmark's: %s", (page, row, figure, parts) => {
  const written = figure.exec(textOf(`docs/${page}`))?.[1] ?? "";
  const lines = textOf("orchestrator/bench/results.md").split("\n");
  const cells = lines.find((line) => line.startsWith(`| ${row} |`))?.split("|") ?? [];
  // The figures of this service are the first that are not ratios.
  const measured = cells.slice(3).find((cell) => /^ [\d,.]+ (\(|$)/.test(cell)) ?? "";
  const digits = written.split(".")[1]?.length ?? 0;
  expect((Number.parseFloat(measured) / parts).toFixed(digits)).toBe(written);
});
