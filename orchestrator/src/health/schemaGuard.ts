import { RedisUnavailableError } from "../errors.ts";
import type { Log } from "../log.ts";
import { SCHEMA, SchemaError } from "../redis/schema.ts";
import { within } from "../within.ts";

/** The start does not wait longer than this for Redis: the API answers without it. */
const START_DEADLINE_MS = 1_000;
/** How often the schema is looked at: while it is not known, and then, for what restores or deletes the data. */
const UNKNOWN_INTERVAL_MS = 1_000;
const KNOWN_INTERVAL_MS = 10_000;

/** Keeps the main process from data whose layout it does not know. Workers check it at every connection. */
export class SchemaGuard {
  readonly #check: () => Promise<string | undefined>;
  readonly #log: Log;
  readonly #agreed = Promise.withResolvers<void>();
  readonly #refused = Promise.withResolvers<never>();
  #known = false;

  /** @param check see `checkSchema` */
  constructor(check: () => Promise<string | undefined>, log: Log) {
    this.#check = check;
    this.#log = log;
    this.#refused.promise.catch(() => undefined);
  }

  /** Resolves when Redis has answered and the layout is known. */
  get agreed(): Promise<void> {
    return this.#agreed.promise;
  }

  /** Rejects with a SchemaError when the layout is not known: this process must end. */
  get refused(): Promise<never> {
    return this.#refused.promise;
  }

  /** Time until the next look, ms. */
  get intervalMs(): number {
    return this.#known ? KNOWN_INTERVAL_MS : UNKNOWN_INTERVAL_MS;
  }

  /** Looks, where the layout is not known yet. @throws RedisUnavailableError when it stays unknown */
  async require(): Promise<void> {
    if (this.#known) return;
    try {
      await this.look();
    } catch (error) {
      throw new RedisUnavailableError("the schema of the data", error);
    }
  }

  /** The first look. A Redis that does not answer is asked again later. @throws SchemaError */
  async atStart(): Promise<void> {
    try {
      await within(this.look(), START_DEADLINE_MS, undefined);
    } catch (error) {
      if (error instanceof SchemaError) throw error;
    }
  }

  /** @throws SchemaError, or another error where Redis does not answer */
  async look(): Promise<void> {
    try {
      const stored = await this.#check();
      if (!this.#known) this.#report(stored);
      this.#known = true;
      this.#agreed.resolve();
    } catch (error) {
      if (error instanceof SchemaError) this.#refused.reject(error);
      throw error;
    }
  }

  #report(stored: string | undefined): void {
    const own = `${SCHEMA.major}.${SCHEMA.minor}`;
    const text = stored === undefined ? "there was none: the data are new, or of schema 1.0" : `${stored} was there`;
    this.#log.info({ stored, own }, `Schema of the data in Redis: this release writes ${own}; ${text}`);
  }
}
