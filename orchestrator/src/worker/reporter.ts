import type { Cells } from "../metrics/cells.ts";
import type { Flush, FromWorker, Heartbeat } from "../supervisor/protocol.ts";

/** How often increments of counters are handed over: what a killed worker can take with it at most. */
const FLUSH_INTERVAL_MS = 250;

export type ReporterDeps = {
  /** Hands one message to the main process; calls back when it is on its way or cannot be sent. */
  readonly send: (message: FromWorker, sent: () => void) => void;
  readonly cells: Cells;
  readonly health: () => Omit<Heartbeat, "kind" | "rssBytes">;
  readonly heartbeatIntervalMs: number;
};

/** Tells the main process that this worker lives, and what it has counted. */
export class Reporter {
  readonly #deps: ReporterDeps;
  #timers: NodeJS.Timeout[] = [];
  #circuits: Flush["circuits"] = [];

  constructor(deps: ReporterDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#beat();
    this.#timers = [
      setInterval(() => this.#beat(), this.#deps.heartbeatIntervalMs),
      setInterval(() => this.#flush(() => undefined), FLUSH_INTERVAL_MS),
    ];
  }

  /** Stops, and resolves when the last increments are on their way. */
  stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    return new Promise((resolve) => this.#flush(resolve));
  }

  #beat(): void {
    const heartbeat: Heartbeat = { kind: "heartbeat", rssBytes: process.memoryUsage.rss(), ...this.#deps.health() };
    this.#deps.send(heartbeat, () => undefined);
  }

  #flush(sent: () => void): void {
    const deltas = this.#deps.cells.drain();
    const circuits = this.#deps.cells.circuits();
    if (deltas.length === 0 && circuits.every((state, index) => state === this.#circuits[index])) {
      sent();
      return;
    }
    this.#circuits = circuits;
    this.#deps.send({ kind: "metrics", deltas, circuits }, sent);
  }
}
