import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getContainerRuntimeClient } from "testcontainers";
import { expect } from "vitest";
import { LOGS } from "../../../stack/runFolder.ts";
import { chooseRuntime } from "../../../stack/runtime/choose.ts";
import { CONTAINER_LABEL } from "../../../stack/runtime/docker.ts";
import { descendantsOf, processTable } from "../../../testkit/process/processTable.ts";
import { until } from "../../../testkit/until.ts";

export const STEP_TIMEOUT_MS = 60_000;
const LOOK_MS = 200;

const runtime = await chooseRuntime();

/** A command that starts a stack, as from a terminal, with all its descendants. */
export class SpawnedCommand implements AsyncDisposable {
  /** A folder of the test. */
  readonly directory = mkdtempSync(join(tmpdir(), "command-"));
  readonly #temporary = mkdtempSync(join(this.directory, "tmp-"));
  readonly #command: ChildProcess;
  readonly #exit: Promise<unknown[]>;
  /** Processes seen among its descendants. */
  readonly #descendants = new Set<number>();
  #output = "";

  /** @param args of the script, given its folder; the runtime is added */
  constructor(script: string, args: (directory: string) => readonly string[]) {
    const all = [script, ...args(this.directory), "--runtime", runtime.name];
    this.#command = spawn(process.execPath, all, { env: { ...process.env, TMPDIR: this.#temporary } });
    this.#exit = once(this.#command, "close");
    for (const stream of [this.#command.stdout, this.#command.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
      });
    }
  }

  /** Its output so far. */
  get output(): string {
    return this.#output;
  }

  async prints(pattern: RegExp): Promise<void> {
    await this.#until(`the command to print ${pattern}`, () => expect(this.#output).toMatch(pattern));
  }

  signal(name: NodeJS.Signals): void {
    this.#command.kill(name);
  }

  /** Resolves to its exit code, or to the signal that ended it. */
  async ended(): Promise<unknown> {
    await this.#until("the command to end", () => {
      expect([this.#command.exitCode, this.#command.signalCode], this.#output).not.toEqual([null, null]);
    });
    const [code, signal] = await this.#exit;
    return code ?? signal;
  }

  folders(): string[] {
    return readdirSync(this.#temporary);
  }

  async leavesNothing(): Promise<void> {
    // Native Prometheus, Alertmanager and Redis; the service, its workers and the reaper in any runtime.
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
      const table = await processTable();
      for (const { pid } of descendantsOf(this.#command.pid ?? 0, table)) this.#descendants.add(pid);
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
    // The reaper ends it if a failed test left it running.
    this.#command.kill("SIGKILL");
    await this.#exit;
    rmSync(this.directory, { recursive: true, force: true });
    const logs = readdirSync(LOGS).filter((name) => name.endsWith(`-${this.#command.pid}`));
    for (const name of logs) rmSync(join(LOGS, name), { recursive: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
