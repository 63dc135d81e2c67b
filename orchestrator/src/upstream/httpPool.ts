import { createRequire } from "node:module";
import type { Dispatcher, Pool } from "undici";

/**
 * undici's connection pool and nothing else of it: its index also loads fetch, WebSocket, caches and mocks, and every
 * worker would pay for them at every start. `request` is what the index mixes into the pool.
 */
const undici = createRequire(import.meta.resolve("undici"));
const PoolOfUndici = undici("./lib/dispatcher/pool.js") as typeof Pool;
const request = undici("./lib/api/api-request.js") as (
  this: Dispatcher,
  options: Dispatcher.RequestOptions,
) => Promise<Dispatcher.ResponseData>;

/** Kept-alive connections to one origin. */
export class HttpPool {
  readonly #pool: Pool;

  constructor(origin: string, options: Pool.Options) {
    this.#pool = new PoolOfUndici(origin, options);
  }

  /** @throws undici's errors, and the signal's reason when it was aborted */
  request(options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> {
    return request.call(this.#pool, options);
  }

  /** Cuts what is under way. */
  destroy(): Promise<void> {
    return this.#pool.destroy();
  }
}
