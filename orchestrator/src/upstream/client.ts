import { LRUCache } from "lru-cache";
import { CircuitOpenError, UpstreamError } from "../errors.ts";
import type { Upstream, UpstreamOutcome } from "../metrics/contract.ts";
import type { UpstreamCells } from "../metrics/telemetry.ts";
import { type Availability, Policy, type PolicySettings, UpstreamTimeoutError } from "./policy.ts";
import { Transport, type UpstreamRequest } from "./transport.ts";

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
};

/** An upstream's answer; degraded when it is an earlier one, given because the upstream is down. */
export type Answer<T> = { readonly value: T; readonly degraded: boolean };

/** Talks to one upstream: through the policy, counted, and with earlier answers for the time when it is down. */
export class UpstreamClient {
  readonly #name: Upstream;
  readonly #cells: UpstreamCells;
  readonly #transport: Transport;
  readonly #policy: Policy;
  readonly #cache: LRUCache<string, string> | undefined;

  constructor(settings: ClientSettings, cells: UpstreamCells, log: UpstreamLog) {
    const { name, baseUrl, maxConcurrent, timeoutMs, cacheMaxAgeMs } = settings;
    this.#name = name;
    this.#cells = cells;
    this.#transport = new Transport({ name, baseUrl, maxConnections: maxConcurrent, timeoutMs });
    this.#policy = new Policy(name, settings, (state) => {
      cells.circuit(state);
      if (state === "closed") log.info({ upstream: name }, `Circuit breaker of ${name} closed`);
      else log.warn({ upstream: name, state }, `Circuit breaker of ${name} is ${state}`);
    });
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
   * @throws CircuitOpenError while the breaker is open and no earlier answer will do; UpstreamError; the signal's reason
   */
  async request<T>(request: UpstreamRequest, parse: (body: unknown) => T, signal: AbortSignal): Promise<Answer<T>> {
    const startedAtMs = performance.now();
    const count = (outcome: UpstreamOutcome) => this.#cells.request(outcome, (performance.now() - startedAtMs) / 1000);
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
      if (error instanceof CircuitOpenError) {
        count("rejected");
        const cached = this.#cache?.get(key);
        if (cached !== undefined) return { value: parse(this.#json(cached)), degraded: true };
      } else if (error instanceof UpstreamTimeoutError || signal.aborted) {
        count("timeout");
      } else {
        count("error");
      }
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

  /** Whether the breaker is open, and until when at least. */
  get availability(): Availability {
    return this.#policy.availability;
  }

  close(): Promise<void> {
    return this.#transport.close();
  }
}
