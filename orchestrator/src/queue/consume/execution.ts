import type { Logger } from "pino";
import type { Entry } from "../entry.ts";
import type { Timed } from "./deadlineWatch.ts";
import type { TaskContext } from "./handler.ts";

/** One run of one task. Signal and logger are made when a handler asks for them: most never do. */
export class Execution implements TaskContext, Timed {
  readonly entry: Entry;
  readonly startedAtMs: number;
  /** True once the outcome is reported: what the handler does after that no longer matters. */
  reported = false;
  readonly #log: Logger;
  readonly #onDeadline: (execution: Execution) => void;
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  constructor(entry: Entry, startedAtMs: number, log: Logger, onDeadline: (execution: Execution) => void) {
    this.entry = entry;
    this.startedAtMs = startedAtMs;
    this.#log = log;
    this.#onDeadline = onDeadline;
  }

  get taskId(): string {
    return this.entry.taskId;
  }

  get attempt(): number {
    return this.entry.attempts + 1;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  get log(): Logger {
    return this.#log.child({ task_id: this.taskId, attempt: this.attempt });
  }

  /** Asks the handler to stop. */
  abort(reason: Error): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }

  onDeadline(): void {
    this.#onDeadline(this);
  }
}
