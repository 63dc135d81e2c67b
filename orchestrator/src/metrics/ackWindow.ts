import { type ACK_OUTCOMES, LANES } from "./contract.ts";
import type { Totals } from "./totals.ts";

/** Window of `mcp_ack_success_rate`. */
const WINDOW_MS = 300_000;
/** Resolution of the window: the oldest attempts leave it in steps of this. */
const STEP_MS = 5_000;

type Sample = { readonly atMs: number; readonly counts: readonly { ok: number; error: number }[] };

/** Share of acknowledgement attempts that succeeded over the last five minutes, by type and lane. */
export class AckWindow {
  readonly #totals: Totals;
  readonly #now: () => number;
  readonly #queues: readonly { type: string; lane: (typeof LANES)[number] }[];
  #samples: Sample[];

  /** @param now monotonic clock in milliseconds */
  constructor(totals: Totals, now: () => number) {
    this.#totals = totals;
    this.#now = now;
    this.#queues = totals.layout.types.flatMap((type) => LANES.map((lane) => ({ type, lane })));
    this.#samples = [this.#take()];
  }

  /** The rates now; 1 where there was no attempt. Calling it also moves the window on: call it at least every few seconds. */
  read(): { type: string; lane: string; rate: number }[] {
    const now = this.#take();
    const last = this.#samples.at(-1);
    if (last === undefined || now.atMs - last.atMs >= STEP_MS) this.#samples.push(now);
    // The newest sample that is older than the window is its edge.
    const edge = this.#samples.findLastIndex((sample) => now.atMs - sample.atMs >= WINDOW_MS);
    if (edge > 0) this.#samples = this.#samples.slice(edge);
    const before = this.#samples[0] as Sample;
    return this.#queues.map((queue, index) => {
      const ok = (now.counts[index]?.ok ?? 0) - (before.counts[index]?.ok ?? 0);
      const error = (now.counts[index]?.error ?? 0) - (before.counts[index]?.error ?? 0);
      return { ...queue, rate: ok + error === 0 ? 1 : ok / (ok + error) };
    });
  }

  #take(): Sample {
    const count = (queue: { type: string; lane: string }, outcome: (typeof ACK_OUTCOMES)[number]) =>
      this.#totals.read("mcp_ack_attempts_total", { ...queue, outcome });
    return {
      atMs: this.#now(),
      counts: this.#queues.map((queue) => ({ ok: count(queue, "ok"), error: count(queue, "error") })),
    };
  }
}
