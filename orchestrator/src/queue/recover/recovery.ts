import type { Keys, QueueKeys } from "../../keys.ts";
import type { RecordState } from "../../recordState.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { Script } from "../../redis/script.ts";
import type { RawEntry } from "../entry.ts";
import type { PendingEntry } from "../entryTable.ts";
import { RESULT_BUCKET_MS, RESULT_BUCKET_SEQUENCES } from "../record.ts";

const claimScript = new Script("claim");
const unownedScript = new Script("unowned");

const PAGE = 200;

/** A recovered entry, delivered again. `record` is the state in the record of its task; empty if the task must run. */
export type Claimed = {
  readonly raw: RawEntry;
  readonly deaths: number;
  readonly record: RecordState | "";
};

/** Finds unfinished entries of earlier deliveries and claims them. Safe with several replicas. */
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
   * Reads the pending entries of this consumer. An entry is unknown to its process if the reply was lost, the process that
   * had it died, its acknowledgement failed, or it was claimed for this consumer.
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
   * Claims entries of other consumers that are idle for `minIdleMs`. Moves only their ownership; `claim` delivers them.
   *
   * XAUTOCLAIM may return nothing before it reaches the end (see the cursor). It removes deleted entries itself.
   *
   * @param limit limit of entries
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
   * Claims unowned entries, which are delivered but pending for no consumer: after XGROUP DELCONSUMER, or XACK without
   * XDEL.
   *
   * @param limit approximate limit of entries
   */
  async claimUnowned(limit: number): Promise<string[]> {
    return await unownedScript.run<string[]>(
      this.#redis,
      [this.#queue.stream],
      [this.#queue.group, this.#consumer, limit],
    );
  }

  /** Delivers entries again. Omits entries that are deleted or belong to another consumer. */
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
