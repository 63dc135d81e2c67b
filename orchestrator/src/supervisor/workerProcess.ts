import { type ChildProcess, fork } from "node:child_process";
import type { Readable } from "node:stream";
import type { Log, LogSink } from "../log.ts";
import { type ProcessEnd, saysHeapExhausted } from "./crash.ts";
import { type FromWorker, parseFromWorker, type ToWorker } from "./protocol.ts";

/** Share of the memory limit for the old space of V8. The rest is for buffers, code and stacks. */
const HEAP_SHARE = 0.75;
/** A longer line is cut into several: output without line ends must not fill the memory of this process. */
const MAX_LINE_CHARACTERS = 1024 ** 2;
/** How long the output of an ended process is read. A process that a handler has started may keep it open for ever. */
const LAST_OUTPUT_MS = 1_000;

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

/** Title of a worker process in `ps`, `pgrep -f` and the log. */
export function workerName(type: string, index: number): string {
  return `express_pool:${type}:${index}`;
}

/** The interface of a worker process for its slot. */
export type RunningWorker = {
  readonly pid: number | undefined;
  /** Sends a message. Drops it if the process is ending. */
  send(message: ToWorker): void;
  /** Sends SIGKILL. The reason, if given, becomes the reason of the crash. */
  kill(reason?: "oom" | "unresponsive"): void;
};

/** A forked worker process. */
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
      // Set by an option, not only by the worker itself, so that the process has its title from the start.
      execArgv: [`--title=${this.#name}`, `--max-old-space-size=${heapMib}`],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#child.on("message", (raw) => {
      const message = parseFromWorker(raw);
      if (message === undefined) log.warn({ worker: this.#name }, `Worker ${this.#name} sent an invalid message`);
      else onMessage(message);
    });
    // A failed fork or a failed send.
    this.#child.on("error", (error) => log.error({ worker: this.#name, err: error }, `Worker ${this.#name} error`));
    this.#lines(this.#child.stdout, (line) => {
      if (line.startsWith("{")) sink.write(`${line}\n`);
      else log.info({ worker: this.#name }, line);
    });
    this.#lines(this.#child.stderr, (line) => {
      if (saysHeapExhausted(line)) this.#heapExhausted = true;
      log.warn({ worker: this.#name }, line);
    });
    this.#child.on("exit", () => {
      setTimeout(() => {
        this.#child.stdout?.destroy();
        this.#child.stderr?.destroy();
      }, LAST_OUTPUT_MS);
    });
    // After the last line of output, which may contain the reason of the end. Also emitted after a failed start.
    this.#child.on("close", (code, signal) => {
      onEnd({ code, signal, killedFor: this.#killedFor, heapExhausted: this.#heapExhausted });
    });
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

  /** @param stream undefined if the process could not be started for lack of file descriptors */
  #lines(stream: Readable | null | undefined, onLine: (line: string) => void): void {
    if (!stream) return;
    let rest = "";
    stream.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const line of lines) onLine(line);
      if (rest.length < MAX_LINE_CHARACTERS) return;
      onLine(rest);
      rest = "";
    });
    stream.on("end", () => {
      if (rest !== "") onLine(rest);
    });
  }
}
