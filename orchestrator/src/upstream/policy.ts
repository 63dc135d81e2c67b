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

/** Limits for calls of one upstream. They protect both sides. */
export type PolicySettings = {
  /** Time limit of one attempt of a request. */
  readonly timeoutMs: number;
  /** Quick retries after connection failures that had no effect on the upstream. */
  readonly retries: number;
  readonly maxConcurrent: number;
  readonly breaker: BreakerSettings;
};

/** Timeout, retries, circuit breaker and bulkhead of one upstream. */
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
   * @param signal ends only this call
   * @throws CircuitOpenError while the breaker is open, also if the failure of this request opened it; UpstreamError; the
   *   reason of the signal if it is aborted
   */
  async run<T>(call: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const attempts = () => this.#retry.execute((context) => this.#limited(call, context.signal), signal);
    const running = this.#bulkhead.execute(() => this.#breaker.run(attempts), signal);
    try {
      return await untilAborted(running, signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof BulkheadRejectedError) {
        throw new UpstreamError(this.#name, `${this.#name}: too many requests are already waiting`, { cause: error });
      }
      throw error;
    }
  }

  /** One attempt, with its own time limit and signal. */
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

/** The upstream did not answer in time. Retried like its other failures. */
export class UpstreamTimeoutError extends UpstreamError {
  constructor(upstream: string, timeoutMs: number) {
    super(upstream, `${upstream} timeout: no answer within ${timeoutMs} ms`);
  }
}

/** Adds the signal to the waiting time in the bulkhead, which does not check it. */
function untilAborted<T>(running: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    running.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
