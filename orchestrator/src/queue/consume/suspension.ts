import type { CircuitOpenError } from "../../errors.ts";

/** Why a worker takes no work at the moment. */
export type SuspensionReason = { readonly kind: "paused" } | { readonly kind: "circuit"; readonly upstream: string };

/** When the next task is let through to see whether a breaker allows it, where the breaker does not say when it will. */
const PROBE_INTERVAL_MS = 500;
/** A breaker that names a time and does not keep to it is not asked more often than this. */
const SHORTEST_PROBE_INTERVAL_MS = 50;

/**
 * Says how many tasks of a type may start: all, none while the type is paused or its upstream's breaker is open, or a
 * single one as a probe.
 */
export class Suspension {
  readonly #now: () => number;
  #paused = false;
  #circuit: { upstream: string; nextProbeAtMs: number; probing: boolean } | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Why nothing starts; undefined while all may. */
  get reason(): SuspensionReason | undefined {
    if (this.#paused) return { kind: "paused" };
    return this.#circuit === undefined ? undefined : { kind: "circuit", upstream: this.#circuit.upstream };
  }

  setPaused(paused: boolean): void {
    this.#paused = paused;
  }

  /** How many of `wanted` tasks may start now. What is allowed counts as started. */
  allow(wanted: number): number {
    if (wanted === 0 || this.#paused) return 0;
    const circuit = this.#circuit;
    if (circuit === undefined) return wanted;
    if (circuit.probing || this.#now() < circuit.nextProbeAtMs) return 0;
    circuit.probing = true;
    return 1;
  }

  /** A task found the breaker open. */
  circuitOpened(error: CircuitOpenError): void {
    const now = this.#now();
    const nextProbeAtMs = now + Math.max(error.retryAfterMs ?? PROBE_INTERVAL_MS, SHORTEST_PROBE_INTERVAL_MS);
    this.#circuit = { upstream: error.subject, nextProbeAtMs, probing: false };
  }

  /** A task ended, with whatever outcome: if it was a probe, the breaker let it through. */
  taskEnded(): void {
    if (this.#circuit?.probing === true) this.#circuit = undefined;
  }
}
