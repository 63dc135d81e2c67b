import { LRUCache } from "lru-cache";
import { CircuitOpenError, UpstreamError } from "../errors.ts";
import type { Upstream, UpstreamOutcome } from "../metrics/contract.ts";
import type { UpstreamCounters } from "../metrics/telemetry.ts";
import { Breaker, type CircuitEvent } from "./breaker.ts";
import { Policy, type PolicySettings, UpstreamTimeoutError } from "./policy.ts";
import { DeniedError, Transport, type UpstreamRequest } from "./transport.ts";

/** Limit of cached answers, which are used while the breaker is open. */
const MAX_CACHED = 1_000;
/** Limit of their size: the length of the texts of requests and answers. */
const MAX_CACHED_CHARACTERS = 32 * 1024 * 1024;

export type ClientSettings = PolicySettings & {
  readonly name: Upstream;
  readonly baseUrl: string;
  /** Age limit of an answer that is used while the breaker is open; 0 disables the cache. */
  readonly cacheMaxAgeMs: number;
};

/** The log of a client. */
type UpstreamLog = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

export type ClientDeps = {
  readonly counters: UpstreamCounters;
  readonly log: UpstreamLog;
  /** Monotonic clock in milliseconds. */
  readonly now: () => number;
  /** Sends an event of the breaker to the other workers. */
  readonly publish: (event: CircuitEvent) => void;
};

/** An answer of an upstream; `degraded` if it comes from the cache because the upstream is down. */
export type Answer<T> = { readonly value: T; readonly degraded: boolean };

/** Client of one upstream: applies the policy, counts requests, and falls back to cached answers during an outage. */
export class UpstreamClient {
  readonly #name: Upstream;
  readonly #counters: UpstreamCounters;
  readonly #transport: Transport;
  readonly #breaker: Breaker;
  readonly #policy: Policy;
  readonly #now: () => number;
  readonly #cache: LRUCache<string, string> | undefined;

  constructor(settings: ClientSettings, { counters, log, now, publish }: ClientDeps) {
    const { name, baseUrl, maxConcurrent, cacheMaxAgeMs } = settings;
    this.#name = name;
    this.#counters = counters;
    this.#now = now;
    this.#transport = new Transport({ name, baseUrl, maxConnections: maxConcurrent });
    this.#breaker = new Breaker(name, settings.breaker, {
      now,
      publish,
      onState: (state, cause) => {
        counters.circuit(state);
        const why = cause === undefined ? "" : `: ${cause.message}`;
        const fields = { upstream: name, state };
        if (state === "closed") log.info(fields, `Circuit breaker of ${name} closed`);
        else if (cause instanceof DeniedError) log.error(fields, `Circuit breaker of ${name} is ${state}${why}`);
        else log.warn(fields, `Circuit breaker of ${name} is ${state}${why}`);
      },
    });
    this.#policy = new Policy(name, settings, this.#breaker);
    if (cacheMaxAgeMs > 0) {
      this.#cache = new LRUCache({ max: MAX_CACHED, maxSize: MAX_CACHED_CHARACTERS, ttl: cacheMaxAgeMs });
    }
    counters.circuit("closed");
  }

  /**
   * Sends one request and parses the response.
   *
   * @param parse converts the JSON body; throws UpstreamError if the body of a successful response contains an error
   * @throws CircuitOpenError while the breaker is open and no answer is cached; UpstreamError; the reason of the signal
   */
  async request<T>(request: UpstreamRequest, parse: (body: unknown) => T, signal: AbortSignal): Promise<Answer<T>> {
    const startedAtMs = this.#now();
    const count = (outcome: UpstreamOutcome) => this.#counters.request(outcome, (this.#now() - startedAtMs) / 1000);
    const key = `${request.method} ${request.path} ${request.body ?? ""}`;
    try {
      const value = await this.#policy.run(async (attemptSignal) => {
        const text = await this.#transport.send(request, attemptSignal);
        const parsed = parse(this.#json(text));
        this.#cache?.set(key, text, { size: key.length + text.length });
        return parsed;
      }, signal);
      count("ok");
      return { value, degraded: false };
    } catch (error) {
      count(signal.aborted ? "timeout" : outcomeOf(error));
      const cached = error instanceof CircuitOpenError ? this.#cache?.get(key) : undefined;
      if (cached !== undefined) return { value: parse(this.#json(cached)), degraded: true };
      throw error;
    }
  }

  #json(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new UpstreamError(this.#name, `${this.#name} sent a body that is not JSON`, { cause: error });
    }
  }

  /** Applies an event of the breaker of another worker. */
  observe(event: CircuitEvent): void {
    this.#breaker.observe(event);
  }

  close(): void {
    this.#breaker.close();
    this.#transport.close();
  }
}

function outcomeOf(error: unknown): UpstreamOutcome {
  const failure = error instanceof CircuitOpenError ? error.cause : error;
  if (failure === undefined) return "rejected";
  if (failure instanceof UpstreamTimeoutError) return "timeout";
  return failure instanceof DeniedError ? "denied" : "error";
}
