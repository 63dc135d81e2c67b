import type { CounterDeltas } from "../metrics/counterDeltas.ts";
import type { FromWorker, Heartbeat } from "../supervisor/protocol.ts";

/** Longest time until an increment of a counter is reported. A killed worker loses at most the increments of this time. */
const FLUSH_INTERVAL_MS = 250;

export type ReporterDeps = {
  /** Sends a message to the main process. Calls back when it is sent or cannot be sent. */
  readonly send: (message: FromWorker, sent: () => void) => void;
  readonly counters: CounterDeltas;
  readonly health: () => Omit<Heartbeat, "kind" | "rssBytes">;
  readonly heartbeatIntervalMs: number;
  /** Monotonic clock in milliseconds. */
  readonly now: () => number;
};

/** Sends heartbeats and counter deltas to the main process. */
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
    // Deferred until pending events are handled: after a blocked event loop, the heartbeat would report an old state.
    this.#heartbeats = setInterval(() => setImmediate(() => this.beat()), this.#deps.heartbeatIntervalMs);
    this.#deps.counters.onFirstChange(() => {
      this.#flushing = setTimeout(() => this.#flush(() => undefined), FLUSH_INTERVAL_MS);
    });
  }

  /** Announces that a task is due after this delay, unless an earlier due time has been announced already. */
  delayed(delayMs: number): void {
    const now = this.#deps.now();
    const dueAtMs = now + delayMs;
    if (this.#announcedDueAtMs > now && this.#announcedDueAtMs <= dueAtMs) return;
    this.#announcedDueAtMs = dueAtMs;
    this.#deps.send({ kind: "delayed", delayMs }, () => undefined);
  }

  /** Stops. Resolves when the last increments are sent. */
  stop(): Promise<void> {
    clearInterval(this.#heartbeats);
    return new Promise((resolve) => this.#flush(resolve));
  }

  /** Sends a heartbeat, and the counters before it: if it reports a stuck task, the worker is killed at once. */
  beat(): void {
    if (this.#flushing !== undefined) this.#flush(() => undefined);
    const heartbeat: Heartbeat = { kind: "heartbeat", rssBytes: process.memoryUsage.rss(), ...this.#deps.health() };
    this.#deps.send(heartbeat, () => undefined);
  }

  #flush(sent: () => void): void {
    clearTimeout(this.#flushing);
    this.#flushing = undefined;
    const { counters, send } = this.#deps;
    send({ kind: "metrics", deltas: counters.drain(), circuits: counters.circuits() }, sent);
  }
}
