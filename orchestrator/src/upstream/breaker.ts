import { CircuitOpenError, UpstreamError } from "../errors.ts";
import type { CIRCUIT_STATES } from "../metrics/contract.ts";
import { FailureWindow } from "./failureWindow.ts";

export type CircuitState = (typeof CIRCUIT_STATES)[number];

/** When one upstream's breaker opens, and for how long. */
export type BreakerSettings = {
  /** Failures in a row, over all workers of the replica, that open the breaker. */
  readonly consecutiveFailures: number;
  /** Share of failed requests of this process over the window that opens it as well. */
  readonly failureRatio: number;
  readonly windowMs: number;
  /** Requests per second below which the share proves nothing. */
  readonly minPerSecond: number;
  /** An open breaker lets one request through after this time. */
  readonly resetMs: number;
};

/**
 * What one worker's breaker learned about the upstream, for the others of its replica: a request failed, a request
 * succeeded after failures, the breaker opened for this long, the upstream answers again.
 */
export type CircuitNews =
  | { readonly event: "failed" | "succeeded" | "closed" }
  | { readonly event: "opened"; readonly openMs: number };

export type BreakerDeps = {
  /** Monotonic clock in milliseconds. */
  readonly now: () => number;
  /** Called with every change of the state, and with the failure that caused it where this process saw it. */
  readonly onState: (state: CircuitState, cause?: UpstreamError) => void;
  /** Takes what the breakers of the other workers should know. */
  readonly publish: (news: CircuitNews) => void;
};

/** Longest wait that an upstream's Retry-After imposes on the next probe: a probe a minute costs an upstream nothing. */
const MAX_OPEN_MS = 60_000;

type State =
  | { readonly name: "closed" }
  | { readonly name: "open"; readonly untilMs: number; readonly timer: NodeJS.Timeout }
  | { readonly name: "half_open"; readonly probing: boolean };

/**
 * Circuit breaker of one upstream. Opens on failures in a row or on the share of failures, lets one request at a time
 * through when its time is over, and closes when that succeeds. All its times are monotonic.
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
   * @throws CircuitOpenError while the breaker is open, and where the request's own failure leaves it open: that failure
   *   is the error's cause, and no attempt is spent on it; otherwise what `call` throws
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
      // A rejection of the request itself shows that the upstream works.
      if (error.permanent) this.#succeeded(entered);
      else this.#failed(entered, error);
      if (error.permanent || this.state === "closed") throw error;
      throw this.#refusal(error);
    } finally {
      // A probe that ended without a verdict, such as an aborted one, makes room for the next.
      if (entered === this.#state && entered.name === "half_open") this.#become(halfOpen(false));
    }
  }

  /** Takes what the breaker of another worker learned. One that has sent no request yet has no use for it. */
  learn(news: CircuitNews): void {
    if (!this.#used) return;
    if (news.event === "opened") this.#open(news.openMs);
    else if (news.event === "closed") this.#close();
    else if (news.event === "succeeded") this.#consecutive = 0;
    else if (this.state === "closed" && ++this.#consecutive >= this.#settings.consecutiveFailures)
      this.#open(this.#settings.resetMs);
  }

  close(): void {
    if (this.#state.name === "open") clearTimeout(this.#state.timer);
  }

  /** The state under which a request starts; its result counts while the breaker is still in it. */
  #enter(): State {
    if (this.#state.name === "open" || (this.#state.name === "half_open" && this.#state.probing)) throw this.#refusal();
    if (this.#state.name === "half_open") this.#become(halfOpen(true));
    return this.#state;
  }

  #succeeded(entered: State): void {
    if (entered !== this.#state) return;
    if (entered.name === "closed") {
      this.#window.add(false);
      if (this.#consecutive > 0) this.#deps.publish({ event: "succeeded" });
      this.#consecutive = 0;
    } else {
      this.#close();
      this.#deps.publish({ event: "closed" });
    }
  }

  #failed(entered: State, error: UpstreamError): void {
    if (entered !== this.#state) return;
    if (entered.name === "closed") {
      this.#window.add(true);
      this.#consecutive++;
      if (!this.#trips()) {
        this.#deps.publish({ event: "failed" });
        return;
      }
    }
    const openMs = Math.max(this.#settings.resetMs, Math.min(error.retryAfterMs ?? 0, MAX_OPEN_MS));
    this.#open(openMs, error);
    this.#deps.publish({ event: "opened", openMs });
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
