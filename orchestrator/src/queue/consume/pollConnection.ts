import type { QueueKeys } from "../../keys.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { connectionFailure, noConnection, RedisCommandError } from "../../redis/redisError.ts";
import type { RawEntry } from "../entry.ts";

export type PollConnectionDeps = {
  /** Opens a separate connection. */
  readonly open: () => RedisClient;
  readonly queue: QueueKeys;
  readonly consumer: string;
  readonly blockMs: number;
  readonly connectTimeoutMs: number;
  /** A poll may take this much longer than BLOCK. After that the connection counts as broken. */
  readonly marginMs: number;
};

/**
 * The connection on which one consumer blocks. Each call has a deadline on the client side: without it, a blocked read
 * can hang for ever after a network fault, while everything else looks healthy. After any failure the caller closes the
 * connection and opens a new one.
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
   * @throws RedisCommandError if that fails, or takes longer than `connectTimeoutMs`
   */
  static async open(deps: PollConnectionDeps): Promise<PollConnection> {
    const redis = deps.open();
    let lost: string | undefined;
    redis.on("error", (error) => {
      lost = connectionFailure(error);
    });
    const ready = new Promise<void>((resolve, reject) => {
      redis.once("ready", resolve);
      redis.once("end", () => reject(noConnection("connect", lost)));
    });
    try {
      await within(deps.connectTimeoutMs, "connection", ready);
    } catch (error) {
      redis.disconnect();
      throw lost === undefined ? error : noConnection("connect", lost);
    }
    return new PollConnection(deps, redis);
  }

  /** Reads up to `count` new entries. Waits up to BLOCK for the first one. */
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

  /** Checks the connection while the lane does not read. */
  async ping(): Promise<void> {
    await within(this.#deps.marginMs, "ping", this.#redis.ping());
  }

  close(): void {
    this.#redis.disconnect();
  }
}

async function within<T>(limitMs: number, what: "connection" | "poll" | "ping", work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const overrun = new Promise<never>((_, reject) => {
    const late = () => new RedisCommandError(what, "timeout", `Redis ${what} timeout after ${limitMs} ms`);
    timer = setTimeout(() => reject(late()), limitMs);
  });
  // The loser of the race must not become an unhandled rejection.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, overrun]);
  } finally {
    clearTimeout(timer);
  }
}
