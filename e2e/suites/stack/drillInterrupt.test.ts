import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { getContainerRuntimeClient } from "testcontainers";
import { expect, test } from "vitest";
import { LOGS } from "../../stack/runFolder.ts";
import { chooseRuntime } from "../../stack/runtime/choose.ts";
import { CONTAINER_LABEL } from "../../stack/runtime/docker.ts";
import { until } from "../../testkit/until.ts";

/** `npm run drill` as a command, interrupted as by a person at a terminal. */

const MAIN = fileURLToPath(new URL("../../drill/main.ts", import.meta.url));
const STEP_TIMEOUT_MS = 60_000;
const LOOK_MS = 200;

const runtime = await chooseRuntime();

test("Ctrl-C ends an episode that runs: a report, status 130, and no process, container or folder is left", async () => {
  await using drill = new Drill();
  await drill.prints(/ quiet$/m);
  drill.signal("SIGINT");
  expect(await drill.ended()).toBe(130);
  expect(JSON.parse(readFileSync(drill.report, "utf8"))).toMatchObject({ passed: false, runtime: runtime.name });
  await drill.leavesNothing();
});

test("Ctrl-C while a stack starts ends it too, and leaves nothing", async () => {
  await using drill = new Drill();
  await drill.prints(/ starting its stack$/m);
  await until("a server to start", { timeoutMs: STEP_TIMEOUT_MS }, () => expect(drill.folders()).not.toEqual([]));
  drill.signal("SIGINT");
  expect(await drill.ended()).toBe(130);
  await drill.leavesNothing();
});

test("what a drill that is killed leaves behind is cleared up behind it", async () => {
  await using drill = new Drill();
  await drill.prints(/ quiet$/m);
  drill.signal("SIGKILL");
  expect(await drill.ended()).toBe("SIGKILL");
  await drill.leavesNothing();
});

/** The command, and everything that it starts. */
class Drill implements AsyncDisposable {
  readonly report: string;
  readonly #directory = mkdtempSync(join(tmpdir(), "drill-interrupt-"));
  readonly #temporary = mkdtempSync(join(this.#directory, "tmp-"));
  readonly #command: ChildProcess;
  readonly #exit: Promise<unknown[]>;
  /** Processes seen among its descendants. */
  readonly #descendants = new Set<number>();
  #output = "";

  constructor() {
    this.report = join(this.#directory, "drill.json");
    const files = ["--json", this.report, "--markdown", `${this.report}.md`, "--svg", `${this.report}.svg`];
    const args = [MAIN, "--only", "steady-load", "--runtime", runtime.name, ...files];
    this.#command = spawn(process.execPath, args, { env: { ...process.env, TMPDIR: this.#temporary } });
    this.#exit = once(this.#command, "close");
    for (const stream of [this.#command.stdout, this.#command.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
      });
    }
  }

  async prints(pattern: RegExp): Promise<void> {
    await this.#until(`the drill to print ${pattern}`, () => expect(this.#output).toMatch(pattern));
  }

  signal(name: NodeJS.Signals): void {
    this.#command.kill(name);
  }

  /** Resolves to its exit code, or to the signal that ended it. */
  async ended(): Promise<unknown> {
    await this.#until("the drill to end", () => {
      expect([this.#command.exitCode, this.#command.signalCode], this.#output).not.toEqual([null, null]);
    });
    const [code, signal] = await this.#exit;
    return code ?? signal;
  }

  folders(): string[] {
    return readdirSync(this.#temporary);
  }

  async leavesNothing(): Promise<void> {
    // Prometheus, Alertmanager and Redis natively, and always the service, its workers and the reaper.
    expect(this.#descendants.size).toBeGreaterThan(1);
    await this.#until("everything to be cleared up", async () => {
      const processes = [...this.#descendants].filter(isAlive);
      expect({ processes, containers: await this.#containers(), folders: this.folders() }).toEqual({
        processes: [],
        containers: [],
        folders: [],
      });
    });
  }

  async #until(what: string, look: () => void | Promise<void>): Promise<void> {
    await until(what, { timeoutMs: STEP_TIMEOUT_MS, intervalMs: LOOK_MS }, async () => {
      for (const pid of descendantsOf(this.#command.pid ?? 0)) this.#descendants.add(pid);
      await look();
    });
  }

  async #containers(): Promise<string[]> {
    if (runtime.name !== "docker") return [];
    const { container } = await getContainerRuntimeClient();
    const filters = { label: [`${CONTAINER_LABEL}=${this.#command.pid}`] };
    return (await container.dockerode.listContainers({ all: true, filters })).map(({ Names }) => Names.join());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The reaper clears up after one that a failed test left running.
    this.#command.kill("SIGKILL");
    await this.#exit;
    rmSync(this.#directory, { recursive: true, force: true });
    const logs = readdirSync(LOGS).filter((name) => name.endsWith(`-${this.#command.pid}`));
    for (const name of logs) rmSync(join(LOGS, name), { recursive: true });
  }
}

function descendantsOf(root: number): number[] {
  const table = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
  const pairs = table
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const found = [root];
  for (const parent of found) found.push(...pairs.flatMap(([pid = 0, ppid]) => (ppid === parent ? [pid] : [])));
  return found.slice(1);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
