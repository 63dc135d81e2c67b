import type { CircuitOpenError } from "../../errors.ts";

/** Why a worker starts no tasks at the moment. */
export type SuspensionReason = { readonly kind: "paused" } | { readonly kind: "circuit"; readonly upstream: string };

/** Time until the next probe if the breaker does not give one. */
const PROBE_INTERVAL_MS = 500;
/** Bounds of the time that a breaker may give. */
const MIN_PROBE_INTERVAL_MS = 50;
const MAX_PROBE_INTERVAL_MS = 60_000;

type Circuit = { readonly upstream: string; readonly nextProbeAtMs: number; probe: Probe | undefined };

/**
 * The permit to start one task while a circuit breaker is open. A claim or an execution owns it. There is one permit at
 * a time: the next one is available as soon as the owner disposes of this one.
 */
export class Probe implements Disposable {
  readonly #circuit: Circuit;
  readonly #onPassed: (circuit: Circuit) => void;

  constructor(circuit: Circuit, onPassed: (circuit: Circuit) => void) {
    this.#circuit = circuit;
    this.#onPassed = onPassed;
    circuit.probe = this;
  }

  /** Moves the permit to a new owner. Disposing of this object then has no effect. */
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
 * Decides whether tasks of a type may start. None start while the type is paused. While the breaker of its upstream is
 * open, one may start as a probe.
 */
export class Suspension {
  readonly #monotonicMs: () => number;
  #paused = false;
  #circuit: Circuit | undefined;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** Why no tasks start; undefined while all may start. */
  get reason(): SuspensionReason | undefined {
    if (this.#paused) return { kind: "paused" };
    return this.#circuit === undefined ? undefined : { kind: "circuit", upstream: this.#circuit.upstream };
  }

  /** True while no task starts without a probe. */
  get active(): boolean {
    return this.#paused || this.#circuit !== undefined;
  }

  setPaused(paused: boolean): void {
    this.#paused = paused;
  }

  /** The permit for one probe; undefined before the breaker allows one, while another is in use, or while paused. */
  takeProbe(): Probe | undefined {
    const circuit = this.#circuit;
    if (this.#paused || circuit === undefined || circuit.probe !== undefined) return undefined;
    if (this.#monotonicMs() < circuit.nextProbeAtMs) return undefined;
    return new Probe(circuit, this.#onPassed);
  }

  /** A task found the breaker open. The result of an earlier probe no longer counts. */
  circuitOpened(error: Pick<CircuitOpenError, "subject" | "retryAfterMs">): void {
    const requestedMs = error.retryAfterMs ?? PROBE_INTERVAL_MS;
    const afterMs = Math.min(Math.max(requestedMs, MIN_PROBE_INTERVAL_MS), MAX_PROBE_INTERVAL_MS);
    this.#circuit = { upstream: error.subject, nextProbeAtMs: this.#monotonicMs() + afterMs, probe: undefined };
  }

  /** Ends the suspension once a probe is due. For an empty queue: the next task to arrive is the probe. */
  clearIfDue(): void {
    const circuit = this.#circuit;
    if (circuit === undefined || circuit.probe !== undefined || this.#monotonicMs() < circuit.nextProbeAtMs) return;
    this.#circuit = undefined;
  }

  readonly #onPassed = (circuit: Circuit): void => {
    if (this.#circuit === circuit) this.#circuit = undefined;
  };
}
