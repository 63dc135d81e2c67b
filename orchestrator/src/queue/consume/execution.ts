import type { Logger } from "pino";
import type { Entry } from "../entry.ts";
import type { Timed } from "./deadlineWatch.ts";
import type { TaskContext } from "./handler.ts";
import type { Slots } from "./slotPool.ts";
import type { Probe } from "./suspension.ts";

/** What an execution owns until its handler has let go of it. */
export type Permits = { readonly slot: Slots; readonly probe?: Probe | undefined };

/**
 * One run of one task. It owns its slot, and the probe where it is one, until it is disposed of. Signal and logger are
 * made when a handler asks for them: most never do.
 */
export class Execution implements TaskContext, Timed, Disposable {
  readonly entry: Entry;
  /** Monotonic. */
  readonly startedAtMs: number;
  /** True once the outcome is reported: what the handler does after that no longer matters. */
  reported = false;
  /** When it was asked to stop, monotonic; undefined while it was not. */
  abortedAtMs: number | undefined;
  readonly #permits: Permits;
  readonly #log: Logger;
  readonly #onDeadline: (execution: Execution) => void;
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  constructor(
    entry: Entry,
    permits: Permits,
    startedAtMs: number,
    log: Logger,
    onDeadline: (execution: Execution) => void,
  ) {
    this.entry = entry;
    this.#permits = permits;
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

  /** Its outcome is known. Where it was a probe, the breaker let it through unless it was found open. */
  report(circuitOpen: boolean): void {
    this.reported = true;
    if (!circuitOpen) this.#permits.probe?.passed();
  }

  /** Asks the handler to stop. */
  abort(reason: Error, nowMs: number): void {
    this.abortedAtMs = nowMs;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }

  onDeadline(): void {
    this.#onDeadline(this);
  }

  [Symbol.dispose](): void {
    this.#permits.slot[Symbol.dispose]();
    this.#permits.probe?.[Symbol.dispose]();
  }
}
