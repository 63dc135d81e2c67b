import type { QueueKeys } from "../../keys.ts";
import type { RedisClient } from "../../redis/connection.ts";
import type { RawEntry } from "../entry.ts";

export type PollConnectionDeps = {
  /** Opens a connection of its own. */
  readonly open: () => RedisClient;
  readonly queue: QueueKeys;
  readonly consumer: string;
  readonly blockMs: number;
  readonly connectTimeoutMs: number;
  /** How much longer than BLOCK a poll may take before its connection is given up. */
  readonly marginMs: number;
};

/**
 * The connection that one consumer blocks on. Every call has its own deadline, kept by this side: a blocked read can
 * otherwise hang for ever after a network fault while everything else looks healthy. After any failure the connection
 * is to be closed and a new one made.
 */
export class PollConnection {
  readonly #deps: PollConnectionDeps;
  readonly #redis: RedisClient;

  private constructor(deps: PollConnectionDeps, redis: RedisClient) {
    this.#deps = deps;
    this.#redis = redis;
  }

  /**
   * Connects.
   *
   * @throws the connection error, or a time-out after `connectTimeoutMs`
   */
  static async open(deps: PollConnectionDeps): Promise<PollConnection> {
    const redis = deps.open();
    let lastError: unknown;
    redis.on("error", (error) => {
      lastError = error;
    });
    const ready = new Promise<void>((resolve, reject) => {
      redis.once("ready", resolve);
      redis.once("end", () => reject(lastError ?? new Error("Connection is closed.")));
    });
    try {
      await within(deps.connectTimeoutMs, "connection", ready);
    } catch (error) {
      redis.disconnect();
      throw lastError ?? error;
    }
    return new PollConnection(deps, redis);
  }

  /** Reads up to `count` new entries, waiting up to BLOCK for the first. */
  async poll(count: number): Promise<RawEntry[]> {
    const { queue, consumer, blockMs, marginMs } = this.#deps;
    const reply = await within(
      blockMs + marginMs,
      "poll",
      this.#redis.callBuffer(
        "XREADGROUP",
        "GROUP",
        queue.group,
        consumer,
        "COUNT",
        count,
        "BLOCK",
        blockMs,
        "STREAMS",
        queue.stream,
        ">",
      ),
    );
    const entries = (reply as [stream: Buffer, entries: [id: Buffer, fields: Buffer[] | null][]][] | null)?.[0]?.[1];
    return entries?.map(([id, fields]) => [id.toString("latin1"), fields]) ?? [];
  }

  /** Shows that the connection works while there is nothing to read for. */
  async ping(): Promise<void> {
    await within(this.#deps.marginMs, "ping", this.#redis.ping());
  }

  close(): void {
    this.#redis.disconnect();
  }
}

async function within<T>(limitMs: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const overrun = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Redis ${what} timeout after ${limitMs} ms`)), limitMs);
  });
  // The loser of the race must not become an unhandled rejection.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, overrun]);
  } finally {
    clearTimeout(timer);
  }
}
