import { RedisUnavailableError } from "../errors.ts";
import type { Log } from "../log.ts";
import { isUnavailable } from "../redis/redisError.ts";
import { SCHEMA, SchemaError } from "../redis/schema.ts";
import { within } from "../within.ts";

/** The start waits this long for Redis. After that the API answers without it. */
const START_DEADLINE_MS = 1_000;
/** How often the schema is checked: before it is known, and later, because the data may be restored or deleted. */
const UNKNOWN_INTERVAL_MS = 1_000;
const KNOWN_INTERVAL_MS = 10_000;

/** Keeps the main process from touching data with an unknown layout. Workers check it at each connection. */
export class SchemaGuard {
  readonly #check: () => Promise<string | undefined>;
  readonly #log: Log;
  readonly #accepted = Promise.withResolvers<void>();
  readonly #rejected = Promise.withResolvers<never>();
  #known = false;

  /** @param check see `checkSchema` */
  constructor(check: () => Promise<string | undefined>, log: Log) {
    this.#check = check;
    this.#log = log;
    this.#rejected.promise.catch(() => undefined);
  }

  /** Resolves when Redis has answered and this release supports the layout. */
  get accepted(): Promise<void> {
    return this.#accepted.promise;
  }

  /** Rejects with a SchemaError if this release does not support the layout. The process must then end. */
  get rejected(): Promise<never> {
    return this.#rejected.promise;
  }

  /** Time until the next check, ms. */
  get intervalMs(): number {
    return this.#known ? KNOWN_INTERVAL_MS : UNKNOWN_INTERVAL_MS;
  }

  /** Checks the layout if it is not known yet. @throws RedisUnavailableError if it is still unknown then */
  async require(): Promise<void> {
    if (this.#known) return;
    try {
      await this.check();
    } catch (error) {
      if (!(isUnavailable(error) || error instanceof SchemaError)) throw error;
      throw new RedisUnavailableError("the schema of the data", error);
    }
  }

  /** The first check. If Redis does not answer, a later check follows. @throws SchemaError */
  async atStart(): Promise<void> {
    try {
      await within(this.check(), START_DEADLINE_MS, undefined);
    } catch (error) {
      if (error instanceof SchemaError) throw error;
    }
  }

  /** Checks the layout. @throws SchemaError, or another error if Redis does not answer */
  async check(): Promise<void> {
    try {
      const stored = await this.#check();
      if (!this.#known) this.#report(stored);
      this.#known = true;
      this.#accepted.resolve();
    } catch (error) {
      if (error instanceof SchemaError) this.#rejected.reject(error);
      throw error;
    }
  }

  #report(stored: string | undefined): void {
    const own = `${SCHEMA.major}.${SCHEMA.minor}`;
    const text =
      stored === undefined ? "no version was stored, so the data are new or have schema 1.0" : `found ${stored}`;
    this.#log.info({ stored, own }, `Schema of the data in Redis: ${text}; this release writes ${own}`);
  }
}
