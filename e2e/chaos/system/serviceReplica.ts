import { fileURLToPath } from "node:url";
import type { TestFolder } from "../../testkit/process/folder.ts";
import { processTable } from "../../testkit/process/processTable.ts";
import { signalPid } from "../../testkit/process/signals.ts";
import { HttpProcess } from "../../testkit/servers/httpProcess.ts";

const MAIN = fileURLToPath(import.meta.resolve("mcp-orchestrator/main"));
/** Pause before a restart, as of a service manager. */
const RESTART_PAUSE_MS = 300;

/** One replica of the real service, restarted whenever it ends, as by systemd or Kubernetes. */
export class ServiceReplica implements AsyncDisposable {
  /** Unexpected ends. */
  readonly unexpectedEnds: string[] = [];
  readonly #process: HttpProcess;
  /** Process groups of all its processes so far. */
  readonly #groups = new Set<number>();
  #endExpected = false;
  #closed = false;
  #restart: NodeJS.Timeout | undefined;

  /** @param port of its API, the same after every restart */
  constructor(name: string, port: number, environment: Readonly<Record<string, string>>, folder: TestFolder) {
    this.#process = new HttpProcess(
      { name, port, script: MAIN, env: { ...environment, PORT: String(port) }, readyPath: "/healthz" },
      folder,
    );
  }

  get url(): string {
    return this.#process.url;
  }

  /** Starts it and waits until it answers. @throws ServerStartError */
  async start(): Promise<void> {
    const started = this.#process.start();
    this.#noteGroup();
    await started;
    this.#keepAlive();
  }

  /** Sends a signal to the main process; the end that it may cause is expected. */
  signal(name: NodeJS.Signals): void {
    if (this.#process.pid === undefined) return;
    if (name === "SIGKILL" || name === "SIGTERM") this.#endExpected = true;
    signalPid(this.#process.pid, name);
  }

  /** Process ids of its workers, of one type or of all. */
  async workers(type = "[^:]+"): Promise<number[]> {
    const main = this.#process.pid;
    const title = new RegExp(`express_pool:${type}:`);
    const found = (await processTable()).filter(({ parent, args }) => parent === main && title.test(args));
    return found.map(({ pid }) => pid);
  }

  /** Ends it for good, with workers of its former lives: a handler that never returns outlives a crash. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#restart);
    await this.#process.kill();
    for (const { pid, group, args } of await processTable()) {
      if (this.#groups.has(group) && args.includes("express_pool:")) signalPid(pid, "SIGKILL");
    }
  }

  #keepAlive(): void {
    void this.#process.ended.then((how) => {
      if (this.#closed) return;
      if (!this.#endExpected) this.unexpectedEnds.push(`ended with ${how}`);
      this.#endExpected = false;
      this.#restart = setTimeout(() => {
        this.#process.launch();
        this.#noteGroup();
        this.#keepAlive();
      }, RESTART_PAUSE_MS);
    });
  }

  #noteGroup(): void {
    if (this.#process.pid !== undefined) this.#groups.add(this.#process.pid);
  }
}
