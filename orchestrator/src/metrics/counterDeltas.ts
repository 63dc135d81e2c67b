import { CIRCUIT_STATES, UPSTREAMS } from "./contract.ts";
import { type CounterSink, CounterTelemetry } from "./counterTelemetry.ts";
import type { Layout } from "./layout.ts";
import type { CircuitState, Telemetry } from "./telemetry.ts";

/** Increments since the last drain, sparse: offset, count, sum, offset, count, sum, ... */
export type Deltas = readonly number[];

/** Numbers of one increment in the deltas. */
export const DELTA_WIDTH = 3;

/** What a worker has counted and not yet reported. */
export class CounterDeltas implements CounterSink {
  readonly telemetry: Telemetry;
  readonly #counts: Float64Array;
  /** Sums of what histograms observed, by bucket. */
  readonly #sums: Float64Array;
  readonly #circuits = UPSTREAMS.map(() => 0);
  #drained = true;
  #onFirst: () => void = () => undefined;

  constructor(layout: Layout) {
    this.#counts = new Float64Array(layout.size);
    this.#sums = new Float64Array(layout.size);
    this.telemetry = new CounterTelemetry(layout, this);
  }

  add(offset: number, count: number, sum: number): void {
    this.#counts[offset] = (this.#counts[offset] as number) + count;
    this.#sums[offset] = (this.#sums[offset] as number) + sum;
    this.#note();
  }

  circuit(upstream: (typeof UPSTREAMS)[number], state: CircuitState): void {
    this.#circuits[UPSTREAMS.indexOf(upstream)] = CIRCUIT_STATES.indexOf(state);
    this.#note();
  }

  /** State of each upstream's breaker, as its index in CIRCUIT_STATES, in the order of UPSTREAMS. */
  circuits(): readonly number[] {
    return [...this.#circuits];
  }

  /** Calls back with the first change after each drain, so that the reporter need not poll. */
  onFirstChange(listener: () => void): void {
    this.#onFirst = listener;
    if (!this.#drained) listener();
  }

  /** Takes what was added since the last call. The caller must report it: it is counted nowhere else. */
  drain(): Deltas {
    this.#drained = true;
    const deltas: number[] = [];
    for (const [offset, count] of this.#counts.entries()) {
      if (count > 0) deltas.push(offset, count, this.#sums[offset] as number);
    }
    this.#counts.fill(0);
    this.#sums.fill(0);
    return deltas;
  }

  #note(): void {
    if (!this.#drained) return;
    this.#drained = false;
    this.#onFirst();
  }
}
