import { NotFoundError } from "../../errors.ts";
import type { Keys, QueueKeys } from "../../keys.ts";
import { FAILURE_REASONS, type FailureReason } from "../../metrics/contract.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { Script } from "../../redis/script.ts";
import { type RawEntry, STREAM_ID } from "../entry.ts";
import { DEAD_LETTER_RECORD_TTL_SECONDS } from "../record.ts";
import type { DeadLetter, Receipt } from "../task.ts";

const reviveScript = new Script("revive");
const discardScript = new Script("discard");

const pageScript = new Script("deadLetters");
const trimScript = new Script("trimDeadLetters");

const PAGE = 100;
/** Size limit of a page. Bounds memory, because payloads may be large. */
const PAGE_BYTES = 1024 * 1024;
/** Limit of letters that one call scans for matches. Bounds how long a call takes. */
const MAX_SCANNED = 500;
/** Limit of letters that one call of the trim script discards. */
const TRIM_BATCH = 100;

/** Selects dead letters. */
export type DeadLetterFilter = { readonly type?: string; readonly reason?: FailureReason };

export type DeadLetterPage = {
  /** Newest first. */
  readonly items: readonly DeadLetter[];
  /** Start of the next page; absent at the end. A page with a cursor may hold fewer items than requested. */
  readonly nextCursor?: string;
};

/** The dead letter queue. */
export class DeadLetters {
  readonly #redis: RedisClient;
  readonly #keys: Keys;
  readonly #queues = new Map<string, QueueKeys>();

  constructor(redis: RedisClient, keys: Keys, types: readonly string[]) {
    this.#redis = redis;
    this.#keys = keys;
    for (const queue of types.flatMap((type) => keys.queues(type))) this.#queues.set(queue.stream, queue);
  }

  /**
   * Lists dead letters, newest first.
   *
   * @param query.cursor `nextCursor` of the previous page
   */
  async list(query: DeadLetterFilter & { readonly cursor?: string; readonly limit: number }): Promise<DeadLetterPage> {
    const { cursor, limit, type = "", reason = "" } = query;
    const from = cursor === undefined ? "+" : `(${cursor}`;
    const args = [from, limit, PAGE_BYTES, MAX_SCANNED, type, reason];
    const [next, ...letters] = await pageScript.run<[string, ...RawEntry[]]>(
      this.#redis,
      [this.#keys.deadLetters],
      args,
    );
    return { items: letters.map(parseDeadLetter), ...(next === "" ? {} : { nextCursor: next }) };
  }

  /** One dead letter; undefined if there is none with this id. */
  async get(id: string): Promise<DeadLetter | undefined> {
    if (!STREAM_ID.test(id)) return undefined;
    const [raw] = (await this.#redis.xrange(this.#keys.deadLetters, id, id)) as RawEntry[];
    return raw === undefined ? undefined : parseDeadLetter(raw);
  }

  /**
   * Puts the task of a dead letter back into its queue with no attempts spent. Its history is kept.
   *
   * @throws NotFoundError if there is no such letter, or this service does not have its type
   */
  async retry(id: string): Promise<Receipt> {
    const letter = await this.get(id);
    if (letter === undefined) throw new NotFoundError("dead letter", id);
    const receipt = await this.#revive(letter);
    if (receipt === undefined) throw new NotFoundError("dead letter", id);
    return receipt;
  }

  /** Retries all matching dead letters that exist at the start of the call. Returns the number. */
  async retryWhere(filter: DeadLetterFilter): Promise<number> {
    return await this.#forEach(filter, async (letter) => {
      return this.#queues.has(letter.stream) && (await this.#revive(letter)) !== undefined;
    });
  }

  /** Discards all matching dead letters that exist at the start of the call. Returns the number. */
  async discardWhere(filter: DeadLetterFilter): Promise<number> {
    return await this.#forEach(filter, (letter) => this.#remove(letter));
  }

  /**
   * Discards the oldest letters: those that exceed the number limit, and those that exceed the age limit.
   *
   * @returns the number discarded by each limit
   */
  async trim(limits: {
    readonly maxEntries: number;
    readonly maxAgeSeconds: number;
  }): Promise<{ limit: number; age: number }> {
    const sum = { limit: 0, age: 0 };
    const { maxAgeSeconds, maxEntries } = limits;
    const age = maxAgeSeconds * 1000;
    const args = [this.#keys.taskPrefix, maxEntries, age, TRIM_BATCH, DEAD_LETTER_RECORD_TTL_SECONDS];
    for (;;) {
      const [limit, age] = await trimScript.run<[number, number]>(this.#redis, [this.#keys.deadLetters], args);
      sum.limit += limit;
      sum.age += age;
      if (limit + age < TRIM_BATCH) return sum;
    }
  }

  /** Handles the letters of a page in parallel: one round trip after another would take too long for thousands. */
  async #forEach(filter: DeadLetterFilter, act: (letter: DeadLetter) => Promise<boolean>): Promise<number> {
    let count = 0;
    let cursor: string | undefined;
    do {
      const page = await this.list({ ...filter, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
      const done = await Promise.all(page.items.map(act));
      count += done.filter(Boolean).length;
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return count;
  }

  /**
   * Removes a dead letter for good.
   *
   * @throws NotFoundError if there is no such letter
   */
  async discard(id: string): Promise<void> {
    const letter = await this.get(id);
    if (letter === undefined || !(await this.#remove(letter))) throw new NotFoundError("dead letter", id);
  }

  async #remove({ id, taskId }: DeadLetter): Promise<boolean> {
    const scriptKeys = [this.#keys.deadLetters, this.#keys.task(taskId)];
    return (await discardScript.run<number>(this.#redis, scriptKeys, [id, DEAD_LETTER_RECORD_TTL_SECONDS])) > 0;
  }

  async #revive(letter: DeadLetter): Promise<Receipt | undefined> {
    const queue = this.#queues.get(letter.stream);
    if (queue === undefined) throw new NotFoundError("queue of the dead letter", letter.stream);
    const { reason, error, failedAtMs } = letter;
    const history = JSON.stringify([...letter.history, { reason, error, failedAtMs }]);
    const scriptKeys = [this.#keys.deadLetters, queue.stream];
    const args = [letter.id, this.#keys.taskPrefix, letter.taskId, history];
    const entryId = await reviveScript.run<string | null>(this.#redis, scriptKeys, args);
    if (entryId === null) return undefined;
    return { taskId: letter.taskId, type: queue.type, lane: queue.lane, status: "queued", duplicate: false };
  }
}

/** Parses an entry of the dead letter queue. A missing or malformed field gets a default. */
export function parseDeadLetter([id, fields]: RawEntry): DeadLetter {
  const map: Record<string, string> = {};
  for (let at = 0; fields !== null && at + 1 < fields.length; at += 2)
    map[fields[at] as string] = fields[at + 1] as string;
  return {
    id,
    taskId: map.task_id ?? "",
    type: map.type ?? "",
    lane: map.lane === "express" ? "express" : "regular",
    reason: FAILURE_REASONS.find((reason) => reason === map.reason) ?? "internal",
    error: map.error ?? "",
    attempts: Number(map.attempts) || 0,
    priority: Number(map.priority) || 0,
    payloadJson: map.payload ?? "",
    stream: map.stream ?? "",
    entryId: map.entry_id ?? "",
    failedAtMs: Number(map.failed_at) || 0,
    history: parseHistory(map.history),
  };
}

function parseHistory(text: string | undefined): DeadLetter["history"] {
  try {
    const parsed: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}
