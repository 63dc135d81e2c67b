import { LANES } from "./contract.ts";
import type { ServiceMetrics } from "./serviceMetrics.ts";

/** Window of `mcp_ack_success_rate`. */
const WINDOW_MS = 300_000;
/** Resolution of the window. The oldest attempts leave it in these steps. */
const STEP_MS = 5_000;

/** All attempts until a moment, by type, lane and outcome. */
type Sample = { readonly atMs: number; readonly attempts: ReadonlyMap<string, number> };

/** Share of acknowledgement attempts that succeeded over the last five minutes, by type and lane. */
export class AckWindow {
  readonly #metrics: ServiceMetrics;
  readonly #now: () => number;
  #samples: Sample[];

  /** @param now monotonic clock in milliseconds */
  constructor(metrics: ServiceMetrics, now: () => number) {
    this.#metrics = metrics;
    this.#now = now;
    this.#samples = [{ atMs: now(), attempts: new Map() }];
  }

  /** The current rates; 1 without attempts. Also moves the window, so call it at least every few seconds. */
  async read(): Promise<{ type: string; lane: string; rate: number }[]> {
    const now = await this.#take();
    const last = this.#samples.at(-1) as Sample;
    if (now.atMs - last.atMs >= STEP_MS) this.#samples.push(now);
    // The newest sample that is older than the window is its edge.
    const edge = this.#samples.findLastIndex((sample) => now.atMs - sample.atMs >= WINDOW_MS);
    if (edge > 0) this.#samples = this.#samples.slice(edge);
    const before = this.#samples[0] as Sample;
    return this.#metrics.layout.types.flatMap((type) =>
      LANES.map((lane) => {
        const since = (outcome: string) => {
          const key = `${type} ${lane} ${outcome}`;
          return (now.attempts.get(key) ?? 0) - (before.attempts.get(key) ?? 0);
        };
        const [ok, error] = [since("ok"), since("error")];
        return { type, lane, rate: ok + error === 0 ? 1 : ok / (ok + error) };
      }),
    );
  }

  async #take(): Promise<Sample> {
    const counted = await this.#metrics.read("mcp_ack_attempts_total");
    const attempts = counted.map(
      ({ labels: { type, lane, outcome }, value }) => [`${type} ${lane} ${outcome}`, value] as const,
    );
    return { atMs: this.#now(), attempts: new Map(attempts) };
  }
}
