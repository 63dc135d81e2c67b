import { type ChildProcess, fork } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Log, LogSink } from "../log.ts";
import { type ProcessEnd, saysHeapExhausted } from "./crash.ts";
import { type FromWorker, parseFromWorker, type ToWorker } from "./protocol.ts";

/** Share of the memory limit that V8's old space may take; the rest is for buffers, code and stacks. */
const HEAP_SHARE = 0.75;

export type WorkerProcessOptions = {
  readonly script: URL;
  readonly type: string;
  readonly index: number;
  readonly memoryLimitBytes: number;
  readonly log: Log;
  readonly sink: Pick<LogSink, "write">;
  onMessage(message: FromWorker): void;
  onEnd(end: ProcessEnd): void;
};

/** Title of a worker process, as `ps`, `pgrep -f` and the log show it. */
export function workerName(type: string, index: number): string {
  return `express_pool:${type}:${index}`;
}

/** A worker process as its slot sees it. */
export type RunningWorker = {
  readonly pid: number | undefined;
  /** Sends a message; one that no longer arrives is dropped, for the end of the process is on its way. */
  send(message: ToWorker): void;
  /** SIGKILL. With a reason, its end counts as that. */
  kill(reason?: "oom" | "unresponsive"): void;
};

/** One life of a worker process: forked, listened to, killed. */
export class WorkerProcess implements RunningWorker {
  readonly #child: ChildProcess;
  readonly #name: string;
  #killedFor: ProcessEnd["killedFor"];
  #heapExhausted = false;

  constructor(options: WorkerProcessOptions) {
    const { script, type, index, memoryLimitBytes, log, onEnd, onMessage, sink } = options;
    const heapMib = Math.floor((memoryLimitBytes * HEAP_SHARE) / 1024 ** 2);
    this.#name = workerName(type, index);
    this.#child = fork(script, [type, String(index)], {
      // The title is an option of node and not only set by the worker, so that it can be found from the first moment.
      execArgv: [`--title=${this.#name}`, `--max-old-space-size=${heapMib}`],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#child.on("message", (raw) => {
      const message = parseFromWorker(raw);
      if (message === undefined) log.warn({ worker: this.#name }, `Worker ${this.#name} sent an invalid message`);
      else onMessage(message);
    });
    // A failed fork or a failed send; the end of the process follows, or is what failed.
    this.#child.on("error", (error) => log.error({ worker: this.#name, err: error }, `Worker ${this.#name} error`));
    this.#lines(this.#child.stdout, (line) => {
      if (line.startsWith("{")) sink.write(`${line}\n`);
      else log.info({ worker: this.#name }, line);
    });
    this.#lines(this.#child.stderr, (line) => {
      if (saysHeapExhausted(line)) this.#heapExhausted = true;
      log.warn({ worker: this.#name }, line);
    });
    let ended = false;
    const end = (code: number | null, signal: NodeJS.Signals | null) => {
      if (ended) return;
      ended = true;
      onEnd({ code, signal, killedFor: this.#killedFor, heapExhausted: this.#heapExhausted });
    };
    // "close" comes after the last line of its output, which may say why it ended.
    this.#child.on("close", end);
    if (this.#child.pid === undefined) this.#child.once("error", () => end(null, null));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  send(message: ToWorker): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  kill(reason?: "oom" | "unresponsive"): void {
    this.#killedFor ??= reason;
    this.#child.kill("SIGKILL");
  }

  #lines(stream: Readable | null, onLine: (line: string) => void): void {
    if (stream !== null) createInterface({ input: stream }).on("line", onLine);
  }
}
