import type { Keys, QueueKeys } from "../../keys.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { Script } from "../../redis/script.ts";
import type { RawEntry } from "../entry.ts";
import { RESULT_BUCKET_MS, RESULT_BUCKET_SEQUENCES, type RecordState } from "../record.ts";

const adoptScript = new Script("adopt");
const strandedScript = new Script("stranded");

const PAGE = 200;

/** An entry that is pending for this consumer, and how often it was delivered. */
export type Lost = { readonly id: string; readonly deliveries: number };

/** A lost entry, delivered again. `record` is the state that its task's record tells, empty when it is to be run. */
export type Adopted = {
  readonly raw: RawEntry;
  readonly deliveries: number;
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
   * process died, whose acknowledgement failed, or that somebody claimed for it.
   */
  async ownPending(): Promise<Lost[]> {
    const { stream, group } = this.#queue;
    const pending: Lost[] = [];
    let from = "-";
    for (;;) {
      const rows = (await this.#redis.xpending(stream, group, from, "+", PAGE, this.#consumer)) as [
        id: string,
        consumer: string,
        idleMs: number,
        deliveries: number,
      ][];
      for (const [id, , , deliveries] of rows) pending.push({ id, deliveries });
      const last = rows.at(-1);
      if (rows.length < PAGE || last === undefined) return pending;
      from = `(${last[0]}`;
    }
  }

  /**
   * Takes over entries of other consumers that nobody touched for `minIdleMs`. They become this consumer's, without a
   * delivery counted: that happens when they start.
   *
   * XAUTOCLAIM may find nothing and still not be at the end (the cursor tells), and drops deleted entries by itself.
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
   * Takes over delivered entries that are pending for nobody: somebody ran XGROUP DELCONSUMER, or XACK without XDEL.
   *
   * @param limit about how many entries to take at most
   */
  async claimStranded(limit: number): Promise<string[]> {
    return await strandedScript.run<string[]>(
      this.#redis,
      [this.#queue.stream],
      [this.#queue.group, this.#consumer, limit],
    );
  }

  /** Delivers lost entries again. Entries that are not this consumer's any more, or deleted, are left out. */
  async adopt(ids: readonly string[]): Promise<Adopted[]> {
    const rows = await adoptScript.run<[string, number, string[], RecordState | ""][]>(
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
    return rows.map(([id, deliveries, fields, record]) => ({ raw: [id, fields], deliveries, record }));
  }
}
