import {
  BulkheadRejectedError,
  bulkhead,
  ExponentialBackoff,
  handleWhen,
  retry,
  TaskCancelledError,
  TimeoutStrategy,
  timeout,
} from "cockatiel";
import { UpstreamError } from "../errors.ts";
import type { Breaker, BreakerSettings } from "./breaker.ts";
import { ConnectionError } from "./transport.ts";

/** How one upstream is protected from us, and we from it. */
export type PolicySettings = {
  /** Longest time for one try of a request. */
  readonly timeoutMs: number;
  /** Quick retries after connection failures that left nothing done. */
  readonly retries: number;
  readonly maxConcurrent: number;
  readonly breaker: BreakerSettings;
};

/** Time-out, retries, circuit breaker and bulkhead of one upstream. */
export class Policy {
  readonly #name: string;
  readonly #settings: PolicySettings;
  readonly #breaker: Breaker;
  readonly #bulkhead;
  readonly #retry;

  constructor(name: string, settings: PolicySettings, breaker: Breaker) {
    this.#name = name;
    this.#settings = settings;
    this.#breaker = breaker;
    this.#bulkhead = bulkhead(settings.maxConcurrent, settings.maxConcurrent);
    const nothingDone = handleWhen((error) => error instanceof ConnectionError && error.safe);
    this.#retry = retry(nothingDone, {
      maxAttempts: settings.retries,
      backoff: new ExponentialBackoff({ initialDelay: 50, maxDelay: 1_000 }),
    });
  }

  /**
   * Runs one request under the policy.
   *
   * @param signal the caller's; it ends this call and no other
   * @throws CircuitOpenError while the breaker is open, also when this request's failure is why; UpstreamError; the
   *   signal's reason when it was aborted
   */
  async run<T>(call: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const attempts = () => this.#retry.execute(({ signal: tryOf }) => this.#limited(call, tryOf), signal);
    const running = this.#bulkhead.execute(() => this.#breaker.run(attempts), signal);
    try {
      return await untilAborted(running, signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
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
