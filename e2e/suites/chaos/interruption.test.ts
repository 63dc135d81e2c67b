import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { Fault, Schedule, TaskPlan } from "../../chaos/schedule.ts";
import { descendantsOf, type ProcessEntry, processTable } from "../../testkit/process/processTable.ts";
import { formatRegression } from "../../testkit/regressions.ts";
import { until } from "../../testkit/until.ts";

/** `npm run test:chaos` as a command, interrupted like by a person at a terminal. */

const MAIN = fileURLToPath(new URL("../../chaos/main.ts", import.meta.url));
const START_TIMEOUT_MS = 120_000;
const END_TIMEOUT_MS = 10_000;
const LOOK_MS = 200;
/** The content of its folder at the end. */
const KEPT: readonly string[] = ["schedule.json", "report.json", "logs"];
/** Faults that last longer than the test. */
const LONG_MS = 600_000;

test("Ctrl-C ends a campaign within seconds while its faults last", async () => {
  await using campaign = new Campaign("spin", [
    // The handler of its worker never returns.
    { atMs: 1_500, kind: "killMain", replica: 0 },
    { atMs: 2_000, kind: "stopMain", replica: 1, forMs: LONG_MS },
    { atMs: 2_000, kind: "stopRedis", forMs: LONG_MS },
    // Its command waits for the frozen Redis.
    { atMs: 2_500, kind: "outOfMemory", forMs: LONG_MS },
  ]);
  await campaign.until("Redis to be stopped", START_TIMEOUT_MS, (descendants) => {
    const stopped = descendants.filter(({ state }) => state === "T").map(({ args }) => args);
    expect(stopped.join("\n")).toContain("redis-server");
  });
  await campaign.interrupt();
});

test("Ctrl-C ends a campaign within seconds while a system does not recover", async () => {
  // Its task runs long enough that the campaign has not ended when the service is stopped.
  await using campaign = new Campaign("slow", []);
  await campaign.until("the task to run", START_TIMEOUT_MS, () => expect(campaign.executions()).toContain("start"));
  await campaign.stop("orchestrator/src/main.ts");
  await campaign.interrupt();
});

/** The command and all its descendants. */
class Campaign implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "chaos-interrupt-"));
  readonly #report = join(this.#folder, "report.json");
  readonly #command: ChildProcess;
  readonly #ended: Promise<unknown>;
  /** Processes seen among its descendants. */
  readonly #seen = new Set<number>();

  constructor(shape: TaskPlan["shape"], faults: readonly Fault[]) {
    const task = {
      atMs: 0,
      replica: 0,
      type: "codegen",
      express: false,
      chosenId: true,
      twice: false,
      size: 20,
    } as const;
    const schedule: Schedule = { seed: 0, topology: "single", named: false, tasks: [{ ...task, shape }], faults };
    const file = join(this.#folder, "schedule.json");
    writeFileSync(file, formatRegression({ found: [], schedule }));
    const args = ["--replay", file, "--folder", this.#folder, "--report", this.#report];
    this.#command = spawn(process.execPath, [MAIN, ...args], {
      env: { ...process.env, TMPDIR: this.#folder },
      stdio: "inherit",
    });
    this.#ended = once(this.#command, "close");
  }

  async until(what: string, timeoutMs: number, look: (descendants: readonly ProcessEntry[]) => void): Promise<void> {
    await until(what, { timeoutMs, intervalMs: LOOK_MS }, async () => look(await this.#descendants()));
  }

  /** The log of the task handlers. */
  executions(): string {
    const system = readdirSync(this.#folder).find((name) => name.startsWith("chaos-"));
    return readFileSync(join(this.#folder, system ?? "", "executions"), "utf8");
  }

  /** Stops the processes of a program. */
  async stop(program: string): Promise<void> {
    const found = (await this.#descendants()).filter(({ args }) => args.includes(program));
    expect(found.length).toBeGreaterThan(1);
    for (const { pid } of found) process.kill(pid, "SIGSTOP");
  }

  /** Interrupts it, and checks that it ends in time with a report and leaves nothing behind. */
  async interrupt(): Promise<void> {
    this.#command.kill("SIGINT");
    await until("the campaign to end", { timeoutMs: END_TIMEOUT_MS, intervalMs: LOOK_MS }, () =>
      expect([this.#command.exitCode, this.#command.signalCode]).toEqual([130, null]),
    );
    await until("everything to be cleared up", { timeoutMs: END_TIMEOUT_MS, intervalMs: LOOK_MS }, async () => {
      const left = (await processTable()).filter(({ pid, state }) => this.#seen.has(pid) && state !== "Z");
      const folders = readdirSync(this.#folder).filter((name) => !KEPT.includes(name));
      expect({ left, folders }).toEqual({ left: [], folders: [] });
    });
    expect(JSON.parse(readFileSync(this.#report, "utf8"))).toMatchObject({ schedules: 0, failed: [] });
  }

  async #descendants(): Promise<ProcessEntry[]> {
    const found = descendantsOf(this.#command.pid ?? 0, await processTable());
    for (const { pid } of found) this.#seen.add(pid);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The reaper ends it if a failed test left it running.
    this.#command.kill("SIGKILL");
    await this.#ended;
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
