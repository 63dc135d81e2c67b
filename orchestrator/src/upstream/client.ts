import { LRUCache } from "lru-cache";
import { CircuitOpenError, UpstreamError } from "../errors.ts";
import type { Upstream, UpstreamOutcome } from "../metrics/contract.ts";
import type { UpstreamCells } from "../metrics/telemetry.ts";
import { Breaker, type CircuitNews } from "./breaker.ts";
import { Policy, type PolicySettings, UpstreamTimeoutError } from "./policy.ts";
import { DeniedError, Transport, type UpstreamRequest } from "./transport.ts";

/** Most answers that are kept for the time when the breaker is open. */
const MAX_CACHED = 1_000;
/** Memory for them, by the length of the requests' and answers' texts. */
const MAX_CACHED_CHARACTERS = 32 * 1024 * 1024;

export type ClientSettings = PolicySettings & {
  readonly name: Upstream;
  readonly baseUrl: string;
  /** An answer not older than this serves while the breaker is open; 0 is never. */
  readonly cacheMaxAgeMs: number;
};

/** Where a client writes what happens to its upstream. */
export type UpstreamLog = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

export type ClientDeps = {
  readonly cells: UpstreamCells;
  readonly log: UpstreamLog;
  /** Monotonic clock in milliseconds. */
  readonly now: () => number;
  /** Takes what this client's breaker learned, for the other workers. */
  readonly publish: (news: CircuitNews) => void;
};

/** An upstream's answer; degraded when it is an earlier one, given because the upstream is down. */
export type Answer<T> = { readonly value: T; readonly degraded: boolean };

/** Talks to one upstream: through the policy, counted, and with earlier answers for the time when it is down. */
export class UpstreamClient {
  readonly #name: Upstream;
  readonly #cells: UpstreamCells;
  readonly #transport: Transport;
  readonly #breaker: Breaker;
  readonly #policy: Policy;
  readonly #now: () => number;
  readonly #cache: LRUCache<string, string> | undefined;

  constructor(settings: ClientSettings, { cells, log, now, publish }: ClientDeps) {
    const { name, baseUrl, maxConcurrent, timeoutMs, cacheMaxAgeMs } = settings;
    this.#name = name;
    this.#cells = cells;
    this.#now = now;
    this.#transport = new Transport({ name, baseUrl, maxConnections: maxConcurrent, timeoutMs });
    this.#breaker = new Breaker(name, settings.breaker, {
      now,
      publish,
      onState: (state, cause) => {
        cells.circuit(state);
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
    cells.circuit("closed");
  }

  /**
   * Sends one request and parses its answer.
   *
   * @param parse turns the JSON body into what is wanted; throws UpstreamError where the body is an error in disguise,
   *   which then counts as one
   * @throws CircuitOpenError while the breaker is open and there is no earlier answer; UpstreamError; the signal's reason
   */
  async request<T>(request: UpstreamRequest, parse: (body: unknown) => T, signal: AbortSignal): Promise<Answer<T>> {
    const startedAtMs = this.#now();
    const count = (outcome: UpstreamOutcome) => this.#cells.request(outcome, (this.#now() - startedAtMs) / 1000);
    const key = `${request.method} ${request.path} ${request.body ?? ""}`;
    try {
      const value = await this.#policy.run(async (tryOf) => {
        const text = await this.#transport.send(request, tryOf);
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
      throw new UpstreamError(this.#name, `${this.#name} sent something else than JSON`, { cause: error });
    }
  }

  /** Takes what the breaker of another worker learned about this upstream. */
  learn(news: CircuitNews): void {
    this.#breaker.learn(news);
  }

  close(): Promise<void> {
    this.#breaker.close();
    return this.#transport.close();
  }
}

function outcomeOf(error: unknown): UpstreamOutcome {
  const failure = error instanceof CircuitOpenError ? error.cause : error;
  if (failure === undefined) return "rejected";
  if (failure instanceof UpstreamTimeoutError) return "timeout";
  return failure instanceof DeniedError ? "denied" : "error";
}
