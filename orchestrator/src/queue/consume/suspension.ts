import type { CircuitOpenError } from "../../errors.ts";

/** Why a worker takes no work at the moment. */
export type SuspensionReason = { readonly kind: "paused" } | { readonly kind: "circuit"; readonly upstream: string };

/** When the next task is let through to see whether a breaker allows it, where the breaker does not say when it will. */
const PROBE_INTERVAL_MS = 500;
/** A breaker that names a time and does not keep to it is not asked more often than this. */
const SHORTEST_PROBE_INTERVAL_MS = 50;
/** A breaker that names a later time, or none that is a number, is asked after this one. */
const LONGEST_PROBE_INTERVAL_MS = 60_000;

type Circuit = { readonly upstream: string; readonly nextProbeAtMs: number; probe: Probe | undefined };

/**
 * The permit to start one task although a circuit breaker is open. It belongs to the claim or execution that it was given
 * to, and returns when that ends in any way: a new one can be taken as soon as this one is disposed of.
 */
export class Probe implements Disposable {
  readonly #circuit: Circuit;
  readonly #onPassed: (circuit: Circuit) => void;

  constructor(circuit: Circuit, onPassed: (circuit: Circuit) => void) {
    this.#circuit = circuit;
    this.#onPassed = onPassed;
    circuit.probe = this;
  }

  /** Moves the permit to a new owner; disposing of this one no longer returns it. */
  move(): Probe {
    if (this.#circuit.probe !== this) return this;
    return new Probe(this.#circuit, this.#onPassed);
  }

  /** The breaker let the task through. */
  passed(): void {
    if (this.#circuit.probe === this) this.#onPassed(this.#circuit);
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    if (this.#circuit.probe === this) this.#circuit.probe = undefined;
  }
}

/**
 * Says whether tasks of a type may start: all, none while the type is paused or its upstream's breaker is open, or a
 * single one with a probe.
 */
export class Suspension {
  readonly #monotonicMs: () => number;
  #paused = false;
  #circuit: Circuit | undefined;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** Why nothing starts; undefined while all may. */
  get reason(): SuspensionReason | undefined {
    if (this.#paused) return { kind: "paused" };
    return this.#circuit === undefined ? undefined : { kind: "circuit", upstream: this.#circuit.upstream };
  }

  /** True while nothing starts without a probe. */
  get active(): boolean {
    return this.#paused || this.#circuit !== undefined;
  }

  setPaused(paused: boolean): void {
    this.#paused = paused;
  }

  /** The permit to start one task while a breaker is open; undefined while it is not time, or another one is out. */
  takeProbe(): Probe | undefined {
    const circuit = this.#circuit;
    if (this.#paused || circuit === undefined || circuit.probe !== undefined) return undefined;
    if (this.#monotonicMs() < circuit.nextProbeAtMs) return undefined;
    return new Probe(circuit, this.#onPassed);
  }

  /** A task found the breaker open. A probe that is out says nothing about this opening. */
  circuitOpened(error: Pick<CircuitOpenError, "subject" | "retryAfterMs">): void {
    const wishedMs = error.retryAfterMs ?? PROBE_INTERVAL_MS;
    const afterMs = Math.min(Math.max(wishedMs, SHORTEST_PROBE_INTERVAL_MS), LONGEST_PROBE_INTERVAL_MS);
    this.#circuit = { upstream: error.subject, nextProbeAtMs: this.#monotonicMs() + afterMs, probe: undefined };
  }

  /** Nothing waits to be a probe: what comes next finds out by itself. */
  nothingToProbe(): void {
    const circuit = this.#circuit;
    if (circuit === undefined || circuit.probe !== undefined || this.#monotonicMs() < circuit.nextProbeAtMs) return;
    this.#circuit = undefined;
  }

  readonly #onPassed = (circuit: Circuit): void => {
    if (this.#circuit === circuit) this.#circuit = undefined;
  };
}
