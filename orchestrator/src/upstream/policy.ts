import {
  BrokenCircuitError,
  BulkheadRejectedError,
  bulkhead,
  CircuitState,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  retry,
  SamplingBreaker,
  TaskCancelledError,
  TimeoutStrategy,
  timeout,
  wrap,
} from "cockatiel";
import { CircuitOpenError, UpstreamError } from "../errors.ts";
import type { CircuitState as CircuitName } from "../metrics/telemetry.ts";
import { ConnectionError } from "./transport.ts";

/** How one upstream is protected from us, and we from it. */
export type PolicySettings = {
  /** Longest time for one try of a request. */
  readonly timeoutMs: number;
  /** Quick retries after connection failures that left nothing done. */
  readonly retries: number;
  readonly maxConcurrent: number;
  readonly breaker: {
    /** Share of failed requests over the window that opens the breaker. */
    readonly failureRatio: number;
    readonly windowMs: number;
    /** Requests per second below which the breaker stays closed. */
    readonly minPerSecond: number;
    /** An open breaker lets one request through after so long. */
    readonly resetMs: number;
  };
};

/** Whether an upstream may be called now. */
export type Availability = { readonly open: boolean; readonly retryAtMs: number };

const NAMES: Readonly<Record<CircuitState, CircuitName>> = {
  [CircuitState.Closed]: "closed",
  [CircuitState.HalfOpen]: "half_open",
  [CircuitState.Open]: "open",
  [CircuitState.Isolated]: "open",
};

/** Time-out, retries, circuit breaker and bulkhead of one upstream. */
export class Policy {
  readonly #name: string;
  readonly #settings: PolicySettings;
  readonly #breaker;
  readonly #policy;
  #retryAtMs = 0;

  /** @param onCircuit told every change of the breaker's state */
  constructor(name: string, settings: PolicySettings, onCircuit: (state: CircuitName) => void) {
    this.#name = name;
    this.#settings = settings;
    const { breaker } = settings;
    // A refusal of the request itself says that the upstream is well.
    const upstreamFailed = handleWhen((error) => error instanceof UpstreamError && !error.permanent);
    this.#breaker = circuitBreaker(upstreamFailed, {
      halfOpenAfter: breaker.resetMs,
      breaker: new SamplingBreaker({
        threshold: breaker.failureRatio,
        duration: breaker.windowMs,
        minimumRps: breaker.minPerSecond,
      }),
    });
    this.#breaker.onStateChange((state) => {
      if (state === CircuitState.Open) this.#retryAtMs = Date.now() + breaker.resetMs;
      onCircuit(NAMES[state]);
    });
    const nothingDone = handleWhen((error) => error instanceof ConnectionError && error.safe);
    this.#policy = wrap(
      bulkhead(settings.maxConcurrent, settings.maxConcurrent),
      this.#breaker,
      retry(nothingDone, {
        maxAttempts: settings.retries,
        backoff: new ExponentialBackoff({ initialDelay: 50, maxDelay: 1_000 }),
      }),
    );
  }

  get availability(): Availability {
    const open = this.#breaker.state === CircuitState.Open && Date.now() < this.#retryAtMs;
    return { open, retryAtMs: open ? this.#retryAtMs : 0 };
  }

  /**
   * Runs one request under the policy.
   *
   * @param signal the caller's; it ends this call and no other
   * @throws CircuitOpenError while the breaker is open; UpstreamError; the signal's reason when it was aborted
   */
  async run<T>(call: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const running = this.#policy.execute(({ signal: tryOf }) => this.#limited(call, tryOf), signal);
    try {
      return await untilAborted(running, signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof BrokenCircuitError) throw new CircuitOpenError(this.#name, this.#retryAtMs);
      if (error instanceof BulkheadRejectedError) {
        throw new UpstreamError(this.#name, `${this.#name}: too many requests wait for it already`, { cause: error });
      }
      throw error;
    }
  }

  /** Each try has its own time and its own signal. */
  async #limited<T>(call: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { timeoutMs } = this.#settings;
    try {
      return await timeout(timeoutMs, TimeoutStrategy.Aggressive).execute((context) => call(context.signal), signal);
    } catch (error) {
      if (error instanceof TaskCancelledError && !signal.aborted) throw new UpstreamTimeoutError(this.#name, timeoutMs);
      throw error;
    }
  }
}

/** The upstream did not answer in time; as any of its failures it is retried. */
export class UpstreamTimeoutError extends UpstreamError {
  constructor(upstream: string, timeoutMs: number) {
    super(upstream, `${upstream} timeout: no answer within ${timeoutMs} ms`);
  }
}

/** A call that waits for the bulkhead or for another's probe does not look at its signal by itself. */
function untilAborted<T>(running: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    running.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
