import type { Logger } from "pino";
import type { Entry } from "../entry.ts";
import type { Timed } from "./deadlineWatch.ts";
import type { TaskContext } from "./handler.ts";
import type { Slots } from "./slotPool.ts";
import type { Probe } from "./suspension.ts";

/**
 * One run of one task. It owns its slot, and the probe if it has one, until it is disposed of. Signal and logger are
 * created on demand: most handlers use neither.
 */
export class Execution implements TaskContext, Timed, Disposable {
  readonly entry: Entry;
  /** Monotonic. */
  readonly startedAtMs: number;
  /** True once the outcome is reported. Later results of the handler are ignored. */
  reported = false;
  /** Monotonic time of the abort; undefined before it. */
  abortedAtMs: number | undefined;
  readonly #slot: Slots;
  readonly #probe: Probe | undefined;
  readonly #log: Logger;
  readonly #onDeadline: (execution: Execution) => void;
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  constructor(
    entry: Entry,
    slot: Slots,
    probe: Probe | undefined,
    startedAtMs: number,
    log: Logger,
    onDeadline: (execution: Execution) => void,
  ) {
    this.entry = entry;
    this.#slot = slot;
    this.#probe = probe;
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

  /** Marks the outcome as reported. A probe passes unless it found the circuit open. */
  report(circuitOpen: boolean): void {
    this.reported = true;
    if (!circuitOpen) this.#probe?.passed();
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
    this.#slot[Symbol.dispose]();
    this.#probe?.[Symbol.dispose]();
  }
}
