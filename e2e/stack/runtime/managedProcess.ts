import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { pipeline } from "node:stream/promises";
import { until } from "../../testkit/until.ts";
import { guard } from "../reaper.ts";
import type { RunFolder } from "../runFolder.ts";
import { CAN_STEP_BACK, stepBack } from "./priority.ts";
import { type RunningServer, START_TIMEOUT_MS, STOP_TIMEOUT_MS } from "./runtime.ts";

export type ProcessSpec = {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /**
   * Leaves the cores to others when it starts for the first time, until it serves, where that can be taken back; off
   * unless given. A restart is part of what is tested and takes what it takes.
   */
  readonly startsGently?: boolean;
  ready(): Promise<void>;
};

/** A process that is starting has better things to do than to say that it has not started. */
const LOOK_MS = 150;

/** A server did not come up; carries the end of its log and says where the rest is. */
export class ServerStartError extends Error {
  readonly code = "SERVER_START";
  readonly subject: string;

  constructor(name: string, folder: RunFolder, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      `${name} did not start: ${reason}\n--- end of its log (all of it: ${folder.logFile(name)})\n${folder.tail(name)}`,
      {
        cause,
      },
    );
    this.name = "ServerStartError";
    this.subject = name;
    folder.keepLogs();
  }
}

/** A server as a process group of this machine. */
export class ManagedProcess implements RunningServer {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly logFile: string;
  readonly #spec: ProcessSpec;
  readonly #folder: RunFolder;
  #child: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();
  #stopping = false;
  #started = false;

  constructor(spec: ProcessSpec, folder: RunFolder) {
    this.name = spec.name;
    this.host = spec.host;
    this.port = spec.port;
    this.logFile = folder.logFile(spec.name);
    this.#spec = spec;
    this.#folder = folder;
  }

  /** Process id of the leader; undefined while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  onUnexpectedExit(callback: (how: string) => void): void {
    this.#onUnexpectedExit = callback;
  }
  #onUnexpectedExit: (how: string) => void = () => {};

  /** Does nothing where it runs already. */
  async start(): Promise<void> {
    if (this.#child !== undefined) return;
    const { command, args, env, cwd, startsGently = false } = this.#spec;
    const gentle = startsGently && CAN_STEP_BACK && !this.#started;
    this.#started = true;
    this.#stopping = false;
    const child = spawn(command, args, { env, cwd, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const release = child.pid === undefined ? () => {} : guard({ processGroup: child.pid });
    const failed = new AbortController();
    child.once("error", (error) => failed.abort(error));
    for (const output of [child.stdout, child.stderr]) {
      pipeline(output, this.#folder.openLog(this.name)).catch(() => {});
    }
    this.#child = child;
    this.#exited = once(child, "exit").then(([code, signal]) => {
      release();
      this.#child = undefined;
      const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
      failed.abort(new Error(`it ended with ${how}`));
      if (!this.#stopping) this.#onUnexpectedExit(how);
    });
    this.#exited.catch(() => {});
    try {
      // One that ends at once is told of below.
      if (gentle) await this.background(true).catch(() => {});
      const patience = { timeoutMs: START_TIMEOUT_MS, intervalMs: LOOK_MS, signal: failed.signal };
      await until(`${this.name} to serve`, patience, this.#spec.ready);
      if (gentle) await this.background(false);
    } catch (error) {
      const cause = failed.signal.aborted ? failed.signal.reason : error;
      await this.kill();
      throw new ServerStartError(this.name, this.#folder, cause);
    }
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async pause(): Promise<void> {
    this.#signal("SIGSTOP");
  }

  async resume(): Promise<void> {
    this.#signal("SIGCONT");
  }

  /** Lets all other processes go first, or no more. Does nothing where only one of the two is possible. */
  async background(on: boolean): Promise<void> {
    const pid = this.#child?.pid;
    if (pid !== undefined && CAN_STEP_BACK) await stepBack(pid, on);
  }

  async #end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    if (this.#child === undefined) return;
    this.#stopping = true;
    // A frozen process answers no SIGTERM.
    this.#signal("SIGCONT");
    if (signal === "SIGTERM") this.#child.kill("SIGTERM");
    else this.#signal("SIGKILL");
    const late = setTimeout(() => this.#signal("SIGKILL"), STOP_TIMEOUT_MS);
    await this.#exited;
    clearTimeout(late);
  }

  #signal(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
