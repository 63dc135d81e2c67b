import type { Cells } from "../metrics/cells.ts";
import type { FromWorker, Heartbeat } from "../supervisor/protocol.ts";

/** How long an increment of a counter waits at most to be handed over: what a killed worker can take with it. */
const FLUSH_INTERVAL_MS = 250;

export type ReporterDeps = {
  /** Hands one message to the main process; calls back when it is on its way or cannot be sent. */
  readonly send: (message: FromWorker, sent: () => void) => void;
  readonly cells: Cells;
  readonly health: () => Omit<Heartbeat, "kind" | "rssBytes">;
  readonly heartbeatIntervalMs: number;
  /** Monotonic clock in milliseconds. */
  readonly now: () => number;
};

/** Reports to the main process that this worker lives, and what it has counted. */
export class Reporter {
  readonly #deps: ReporterDeps;
  #heartbeats: NodeJS.Timeout | undefined;
  #flushing: NodeJS.Timeout | undefined;
  #announcedDueAtMs = 0;

  constructor(deps: ReporterDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.beat();
    // After what has arrived meanwhile is dealt with: a worker that was held up would report a state that is over.
    this.#heartbeats = setInterval(() => setImmediate(() => this.beat()), this.#deps.heartbeatIntervalMs);
    this.#deps.cells.onFirstChange(() => {
      this.#flushing = setTimeout(() => this.#flush(() => undefined), FLUSH_INTERVAL_MS);
    });
  }

  /** Announces that a task is due after this delay, unless one that is due before it was announced and is still to come. */
  delayed(delayMs: number): void {
    const now = this.#deps.now();
    const dueAtMs = now + delayMs;
    if (this.#announcedDueAtMs > now && this.#announcedDueAtMs <= dueAtMs) return;
    this.#announcedDueAtMs = dueAtMs;
    this.#deps.send({ kind: "delayed", delayMs }, () => undefined);
  }

  /** Stops, and resolves when the last increments are on their way. */
  stop(): Promise<void> {
    clearInterval(this.#heartbeats);
    return new Promise((resolve) => this.#flush(resolve));
  }

  /** A heartbeat, after what was counted until now: it may say that a task is stuck, and be the worker's last word. */
  beat(): void {
    if (this.#flushing !== undefined) this.#flush(() => undefined);
    const heartbeat: Heartbeat = { kind: "heartbeat", rssBytes: process.memoryUsage.rss(), ...this.#deps.health() };
    this.#deps.send(heartbeat, () => undefined);
  }

  #flush(sent: () => void): void {
    clearTimeout(this.#flushing);
    this.#flushing = undefined;
    const { cells, send } = this.#deps;
    send({ kind: "metrics", deltas: cells.drain(), circuits: cells.circuits() }, sent);
  }
}
