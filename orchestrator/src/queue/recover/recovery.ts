import type { Keys, QueueKeys } from "../../keys.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { Script } from "../../redis/script.ts";
import type { RawEntry } from "../entry.ts";
import type { PendingEntry } from "../entryTable.ts";
import { RESULT_BUCKET_MS, RESULT_BUCKET_SEQUENCES, type RecordState } from "../record.ts";

const claimScript = new Script("claim");
const unownedScript = new Script("unowned");

const PAGE = 200;

/** A recovered entry, delivered again. `record` is the state in its task's record, empty when it is to be run. */
export type Claimed = {
  readonly raw: RawEntry;
  readonly deaths: number;
  readonly record: RecordState | "";
};

/** Finds entries that a delivery left unfinished and brings them back to work. All of it is safe with replicas. */
export class Recovery {
  readonly #redis: RedisClient;
  readonly #queue: QueueKeys;
  readonly #consumer: string;
  readonly #keys: Keys;
  readonly #idPrefix: string;

  constructor(redis: RedisClient, keys: Keys, queue: QueueKeys, consumer: string, idPrefix: string) {
    this.#redis = redis;
    this.#keys = keys;
    this.#queue = queue;
    this.#consumer = consumer;
    this.#idPrefix = idPrefix;
  }

  /**
   * Pending entries of this consumer. Those that its process does not know are deliveries whose reply was lost, whose
   * process died, whose acknowledgement failed, or that were claimed for it.
   */
  async ownPending(): Promise<PendingEntry[]> {
    const { stream, group } = this.#queue;
    const pending: PendingEntry[] = [];
    let from = "-";
    for (;;) {
      const rows = (await this.#redis.xpending(stream, group, from, "+", PAGE, this.#consumer)) as [
        id: string,
        consumer: string,
        idleMs: number,
        count: number,
      ][];
      // See claim.lua for what the delivery count means.
      for (const [id, , , count] of rows) pending.push({ id, deaths: Math.floor(count / 2) });
      const last = rows.at(-1);
      if (rows.length < PAGE || last === undefined) return pending;
      from = `(${last[0]}`;
    }
  }

  /**
   * Takes over entries of other consumers that were not touched for `minIdleMs`. They become this consumer's; they are
   * delivered when they start.
   *
   * XAUTOCLAIM may find nothing and still not be at the end (the cursor says so), and drops deleted entries by itself.
   *
   * @param limit most entries to take
   */
  async claimOrphans(minIdleMs: number, limit: number): Promise<string[]> {
    const { stream, group } = this.#queue;
    const claimed: string[] = [];
    let cursor = "0-0";
    do {
      const count = Math.min(PAGE, limit - claimed.length);
      const reply = await this.#redis.xautoclaim(
        stream,
        group,
        this.#consumer,
        minIdleMs,
        cursor,
        "COUNT",
        count,
        "JUSTID",
      );
      const [next, ids] = reply as [string, string[]];
      claimed.push(...ids);
      cursor = next;
    } while (cursor !== "0-0" && claimed.length < limit);
    return claimed;
  }

  /**
   * Takes over delivered entries that are pending for no consumer: after an XGROUP DELCONSUMER, or an XACK without XDEL.
   *
   * @param limit about how many entries to take at most
   */
  async claimUnowned(limit: number): Promise<string[]> {
    return await unownedScript.run<string[]>(
      this.#redis,
      [this.#queue.stream],
      [this.#queue.group, this.#consumer, limit],
    );
  }

  /** Delivers entries again. Those that are no longer this consumer's, or deleted, are left out. */
  async claim(ids: readonly string[]): Promise<Claimed[]> {
    const rows = await claimScript.run<[string, number, string[], RecordState | ""][]>(
      this.#redis,
      [this.#queue.stream],
      [
        this.#queue.group,
        this.#consumer,
        this.#keys.taskPrefix,
        this.#keys.resultsPrefix(this.#queue.type, this.#queue.lane),
        RESULT_BUCKET_MS,
        RESULT_BUCKET_SEQUENCES,
        this.#idPrefix,
        ...ids,
      ],
    );
    return rows.map(([id, deaths, fields, record]) => ({ raw: [id, fields], deaths, record }));
  }
}
