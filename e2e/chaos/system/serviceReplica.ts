import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { TestFolder } from "../../testkit/process/folder.ts";
import { HttpProcess } from "../../testkit/servers/httpProcess.ts";
import { signalPid } from "./signals.ts";

const MAIN = fileURLToPath(import.meta.resolve("mcp-orchestrator/main"));
/** As a supervisor of processes starts a service again that has ended. */
const RESTART_PAUSE_MS = 300;

const run = promisify(execFile);

/** One replica of the real service, kept alive as systemd or Kubernetes keep it: whenever it ends it is started again. */
export class ServiceReplica {
  /** Ends that no fault asked for. */
  readonly unexpectedEnds: string[] = [];
  readonly #process: HttpProcess;
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
    await this.#process.start();
    this.#keepAlive();
  }

  /** Sends a signal to the main process; one that ends it is expected to. */
  signal(name: NodeJS.Signals): void {
    if (this.#process.pid === undefined) return;
    if (name === "SIGKILL" || name === "SIGTERM") this.#endExpected = true;
    signalPid(this.#process.pid, name);
  }

  /** Process ids of its workers, of one type or of all. */
  async workers(type = "[^:]+"): Promise<number[]> {
    const main = this.#process.pid;
    if (main === undefined) return [];
    const { stdout } = await run("ps", ["-A", "-o", "pid=,ppid=,args="]);
    const title = new RegExp(`express_pool:${type}:`);
    return stdout.split("\n").flatMap((line) => {
      const [pid, parent, ...args] = line.trim().split(/\s+/);
      return Number(parent) === main && title.test(args.join(" ")) ? [Number(pid)] : [];
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#restart);
    await this.#process.kill();
  }

  #keepAlive(): void {
    void this.#process.ended.then((how) => {
      if (this.#closed) return;
      if (!this.#endExpected) this.unexpectedEnds.push(`ended with ${how}`);
      this.#endExpected = false;
      this.#restart = setTimeout(() => {
        this.#process.launch();
        this.#keepAlive();
      }, RESTART_PAUSE_MS);
    });
  }
}
