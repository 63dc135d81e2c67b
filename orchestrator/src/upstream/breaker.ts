import { CircuitOpenError, UpstreamError } from "../errors.ts";
import type { CIRCUIT_STATES } from "../metrics/contract.ts";
import { FailureWindow } from "./failureWindow.ts";

export type CircuitState = (typeof CIRCUIT_STATES)[number];

/** When a breaker opens, and for how long. */
export type BreakerSettings = {
  /** Opens after this many failures in a row, over all workers of the replica. */
  readonly consecutiveFailures: number;
  /** Opens at this share of failed requests of this process in the window. */
  readonly failureRatio: number;
  readonly windowMs: number;
  /** Below this rate the share is not significant. */
  readonly minPerSecond: number;
  /** An open breaker allows one request after this time. */
  readonly resetMs: number;
};

/**
 * An event of the breaker of one worker, for the other workers of its replica: a request failed, a request succeeded after
 * failures, the breaker opened for some time, or it closed.
 */
export type CircuitEvent =
  | { readonly kind: "failed" | "succeeded" | "closed" }
  | { readonly kind: "opened"; readonly openMs: number };

export type BreakerDeps = {
  /** Monotonic clock in milliseconds. */
  readonly now: () => number;
  /** Called with each new state, and with the failure that caused it if it happened in this process. */
  readonly onState: (state: CircuitState, cause?: UpstreamError) => void;
  /** Sends an event to the breakers of the other workers. */
  readonly publish: (event: CircuitEvent) => void;
};

/** Upper bound of the Retry-After that delays the next probe. One probe per minute does not load an upstream. */
const MAX_OPEN_MS = 60_000;

type State =
  | { readonly name: "closed" }
  | { readonly name: "open"; readonly untilMs: number; readonly timer: NodeJS.Timeout }
  | { readonly name: "half_open"; readonly probing: boolean };

/**
 * Circuit breaker of one upstream. It opens after failures in a row or at a share of failures, allows one request at a time
 * as a probe after its time, and closes when a probe succeeds. All times are monotonic.
 */
export class Breaker {
  readonly #name: string;
  readonly #settings: BreakerSettings;
  readonly #deps: BreakerDeps;
  readonly #window: FailureWindow;
  #state: State = { name: "closed" };
  #consecutive = 0;
  #used = false;

  constructor(name: string, settings: BreakerSettings, deps: BreakerDeps) {
    this.#name = name;
    this.#settings = settings;
    this.#deps = deps;
    this.#window = new FailureWindow(settings.windowMs, deps.now);
  }

  get state(): CircuitState {
    return this.#state.name;
  }

  /**
   * Runs one request.
   *
   * @throws CircuitOpenError while the breaker is open, or if the failure of this request leaves it open. The failure is
   *   then the cause of the error, and no attempt is spent. Otherwise the error of `call`
   */
  async run<T>(call: () => Promise<T>): Promise<T> {
    this.#used = true;
    const entered = this.#enter();
    try {
      const value = await call();
      this.#succeeded(entered);
      return value;
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      // If only the request is wrong, the upstream works.
      if (error.permanent) this.#succeeded(entered);
      else this.#failed(entered, error);
      if (error.permanent || this.state === "closed") throw error;
      throw this.#refusal(error);
    } finally {
      // A probe without a result, such as an aborted one, allows the next one.
      if (entered === this.#state && entered.name === "half_open") this.#become(halfOpen(false));
    }
  }

  /** Applies an event of another worker, unless this breaker has not been used yet. */
  observe(event: CircuitEvent): void {
    if (!this.#used) return;
    if (event.kind === "opened") this.#open(event.openMs);
    else if (event.kind === "closed") this.#close();
    else if (event.kind === "succeeded") this.#consecutive = 0;
    else if (this.state === "closed" && ++this.#consecutive >= this.#settings.consecutiveFailures)
      this.#open(this.#settings.resetMs);
  }

  close(): void {
    if (this.#state.name === "open") clearTimeout(this.#state.timer);
  }

  /** The state in which a request starts. Its result counts only if the state is the same at its end. */
  #enter(): State {
    if (this.#state.name === "open" || (this.#state.name === "half_open" && this.#state.probing)) throw this.#refusal();
    if (this.#state.name === "half_open") this.#become(halfOpen(true));
    return this.#state;
  }

  #succeeded(entered: State): void {
    if (entered !== this.#state) return;
    if (entered.name === "closed") {
      this.#window.add(false);
      if (this.#consecutive > 0) this.#deps.publish({ kind: "succeeded" });
      this.#consecutive = 0;
    } else {
      this.#close();
      this.#deps.publish({ kind: "closed" });
    }
  }

  #failed(entered: State, error: UpstreamError): void {
    if (entered !== this.#state) return;
    if (entered.name === "closed") {
      this.#window.add(true);
      this.#consecutive++;
      if (!this.#trips()) {
        this.#deps.publish({ kind: "failed" });
        return;
      }
    }
    const openMs = Math.max(this.#settings.resetMs, Math.min(error.retryAfterMs ?? 0, MAX_OPEN_MS));
    this.#open(openMs, error);
    this.#deps.publish({ kind: "opened", openMs });
  }

  #trips(): boolean {
    const { consecutiveFailures, failureRatio, minPerSecond } = this.#settings;
    const { perSecond, ratio } = this.#window.read();
    return this.#consecutive >= consecutiveFailures || (perSecond >= minPerSecond && ratio >= failureRatio);
  }

  #open(openMs: number, cause?: UpstreamError): void {
    const timer = setTimeout(() => this.#become(halfOpen(false)), openMs).unref();
    this.#become({ name: "open", untilMs: this.#deps.now() + openMs, timer }, cause);
  }

  #close(): void {
    this.#consecutive = 0;
    this.#window.clear();
    this.#become({ name: "closed" });
  }

  #become(state: State, cause?: UpstreamError): void {
    const before = this.#state;
    if (before.name === "open") clearTimeout(before.timer);
    this.#state = state;
    if (before.name !== state.name) this.#deps.onState(state.name, cause);
  }

  #refusal(cause?: UpstreamError): CircuitOpenError {
    const retryAfterMs = this.#state.name === "open" ? Math.max(0, this.#state.untilMs - this.#deps.now()) : undefined;
    return new CircuitOpenError(this.#name, { retryAfterMs, cause });
  }
}

function halfOpen(probing: boolean): State {
  return { name: "half_open", probing };
}
