import { type ChildProcess, spawn } from "node:child_process";
import { pipeline } from "node:stream/promises";
import type { RunningServer } from "../servers/runtime.ts";
import { START_TIMEOUT_MS, STOP_TIMEOUT_MS } from "../servers/runtime.ts";
import { until } from "../until.ts";
import type { TestFolder } from "./folder.ts";
import { CAN_CHANGE_PRIORITY, lowerPriority } from "./priority.ts";
import { reapAtEnd } from "./reaper.ts";

export type ProcessSpec = {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /**
   * Starts at a low priority for the first time, until it serves, if the priority can be restored; off by default. A
   * restart, which tests measure, has the normal priority.
   */
  readonly startsGently?: boolean;
  /** Throws until the server serves. */
  ready(): Promise<void>;
  /** Pause between two calls of `ready`. */
  readonly intervalMs?: number;
  /** Receives its output, besides the log. */
  onOutput?(text: string): void;
};

/** Pause between two calls of `ready`, which cost a starting process time. */
const INTERVAL_MS = 150;

/** A server did not start; has the end of its log and the path. */
export class ServerStartError extends Error {
  readonly code = "SERVER_START";
  readonly subject: string;

  constructor(name: string, folder: TestFolder, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const log = `--- end of its log (all of it: ${folder.logFile(name)})\n${folder.tail(name)}`;
    super(`${name} did not start: ${reason}\n${log}`, { cause });
    this.name = "ServerStartError";
    this.subject = name;
    folder.keepLogs();
  }
}

/** A server as a process group on this machine. */
export class ManagedProcess implements RunningServer {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly logFile: string;
  readonly cwd: string;
  readonly #spec: ProcessSpec;
  readonly #folder: TestFolder;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #closed: Promise<number | NodeJS.Signals | null> = Promise.resolve(null);
  #failed = new AbortController();
  #stopping = false;
  #started = false;
  #onUnexpectedExit: (how: string) => void = () => {};

  constructor(spec: ProcessSpec, folder: TestFolder) {
    this.name = spec.name;
    this.host = spec.host;
    this.port = spec.port;
    this.logFile = folder.logFile(spec.name);
    this.cwd = spec.cwd;
    this.#spec = spec;
    this.#folder = folder;
  }

  /** Process id of the leader; undefined while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves to its exit code or signal, when its descendants have closed its output too. */
  get ended(): Promise<number | NodeJS.Signals | null> {
    return this.#closed;
  }

  onUnexpectedExit(callback: (how: string) => void): void {
    this.#onUnexpectedExit = callback;
  }

  /** Starts it without waiting until it serves. Does nothing if it runs. */
  launch(): void {
    if (this.#child !== undefined) return;
    const { command, args, env, cwd, onOutput } = this.#spec;
    this.#stopping = false;
    const child = spawn(command, args, { env, cwd, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const release = child.pid === undefined ? () => {} : reapAtEnd({ processGroup: child.pid });
    const failed = new AbortController();
    for (const output of [child.stdout, child.stderr]) {
      if (onOutput !== undefined) output.setEncoding("utf8").on("data", onOutput);
      pipeline(output, this.#folder.openLog(this.name)).catch(() => {});
    }
    this.#child = child;
    this.#failed = failed;
    this.#closed = new Promise((resolve) => child.once("close", (code, signal) => resolve(code ?? signal)));
    const gone = (reason: Error) => {
      this.#child = undefined;
      failed.abort(reason);
    };
    this.#exited = new Promise((resolve) => {
      // It could not be started.
      child.once("error", (error) => resolve(gone(error)));
      child.once("exit", (code, signal) => {
        release();
        const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
        resolve(gone(new Error(`it ended with ${how}`)));
        if (!this.#stopping) this.#onUnexpectedExit(how);
      });
    });
  }

  /**
   * Starts it and waits until it serves. Does nothing if it runs.
   *
   * @throws ServerStartError
   */
  async start(): Promise<void> {
    if (this.#child !== undefined) return;
    const { startsGently = false, intervalMs = INTERVAL_MS } = this.#spec;
    const gentle = startsGently && CAN_CHANGE_PRIORITY && !this.#started;
    this.#started = true;
    this.launch();
    const { signal } = this.#failed;
    try {
      // Its immediate end is reported below.
      if (gentle) await this.lowerPriority(true).catch(() => {});
      await until(`${this.name} to serve`, { timeoutMs: START_TIMEOUT_MS, intervalMs, signal }, this.#spec.ready);
      if (gentle) await this.lowerPriority(false);
    } catch (error) {
      const cause = signal.aborted ? signal.reason : error;
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

  /** Sends a signal to its leader only, without waiting. */
  send(signal: NodeJS.Signals): void {
    this.#stopping = true;
    this.#child?.kill(signal);
  }

  /** Lowers the priority of the whole group, or restores it. Does nothing unless both are possible. */
  async lowerPriority(on: boolean): Promise<void> {
    const pid = this.#child?.pid;
    if (pid !== undefined && CAN_CHANGE_PRIORITY) await lowerPriority(pid, on);
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
