import type { Keys } from "../../keys.ts";
import type { Log } from "../../log.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { Script } from "../../redis/script.ts";
import { type Identity, type ProcessEvidence, stateOfProcess } from "./processIdentity.ts";

const presenceScript = new Script("presence");
const releaseScript = new Script("releaseReplica");

/** A replica of the same name on another host has ended if it does not report for this many rounds. */
const ROUNDS_UNTIL_GONE = 4;

export type PresenceDeps = {
  readonly redis: RedisClient;
  readonly keys: Keys;
  readonly identity: Identity;
  readonly types: readonly string[];
  /** Orphan recovery claims entries that are idle for this long, ms. */
  readonly orphanMinIdleMs: number;
  /** A replica of another name is removed if it does not report for this long, ms. Its entries are orphans by then. */
  readonly forgetAfterMs: number;
  /** Monotonic clock in ms. */
  readonly now: () => number;
  /** Called when entries of an ended replica are ready to be claimed. */
  readonly onReleased: () => void;
  readonly log: Log;
};

type Other = {
  readonly name: string;
  readonly types: readonly string[];
  readonly evidence: ProcessEvidence | undefined;
};
/** The last report of a replica, and for how long it has not changed. */
type LastReport = { readonly text: string; rounds: number; readonly sinceMs: number };

/**
 * Registers this replica in Redis and follows the others: which are present, and with which task types. When an earlier
 * process of the same name has ended, its entries are released at once and need not become orphans first.
 */
export class Presence {
  readonly #deps: PresenceDeps;
  readonly #lastReports = new Map<string, LastReport>();
  #known: readonly string[];
  #servedElsewhere: ReadonlySet<string> = new Set();
  #sameName: ReadonlySet<string> = new Set();

  constructor(deps: PresenceDeps) {
    this.#deps = deps;
    this.#known = deps.types;
  }

  /** All types that any replica has ever had, as of the last round; before that, the types of this replica. */
  get types(): readonly string[] {
    return this.#known;
  }

  /** True if this replica or another one that is present runs tasks of this type. */
  serves(type: string): boolean {
    return this.#deps.types.includes(type) || this.#servedElsewhere.has(type);
  }

  /** Ids of other replicas that are present and have the name of this one. */
  get sameName(): ReadonlySet<string> {
    return this.#sameName;
  }

  /** Runs one round, about every second. */
  async runOnce(): Promise<void> {
    const { redis, keys, identity, types } = this.#deps;
    const description = JSON.stringify({ name: identity.name, types, evidence: identity.evidence });
    const [instances, known] = await presenceScript.run<[string[], string[]]>(
      redis,
      [keys.instances, keys.types],
      [identity.id, description, ...types],
    );
    this.#known = [...types, ...known.filter((type) => !types.includes(type)).toSorted()];
    const served = new Set<string>();
    const sameName = new Set<string>();
    const present = new Set<string>();
    for (let at = 0; at + 1 < instances.length; at += 2) {
      const [id, text] = [instances[at] as string, instances[at + 1] as string];
      if (id === identity.id) continue;
      present.add(id);
      const other = parse(text);
      if (await this.#removeIfGone(id, text, other)) continue;
      for (const type of other.types) served.add(type);
      if (other.name === identity.name) sameName.add(id);
    }
    for (const id of this.#lastReports.keys()) if (!present.has(id)) this.#lastReports.delete(id);
    this.#servedElsewhere = served;
    this.#warn(sameName);
  }

  /** Removes this replica and releases its pending entries. */
  async leave(): Promise<void> {
    await this.#remove(this.#deps.identity.id);
  }

  async #removeIfGone(id: string, text: string, other: Other): Promise<boolean> {
    const { identity, log, now, forgetAfterMs, onReleased } = this.#deps;
    const before = this.#lastReports.get(id);
    const report = before?.text === text ? before : { text, rounds: 0, sinceMs: now() };
    if (before?.text === text) report.rounds++;
    this.#lastReports.set(id, report);
    const state = stateOfProcess(other.evidence);
    const silentSameName = state === "unknown" && other.name === identity.name && report.rounds >= ROUNDS_UNTIL_GONE;
    const forgotten = state !== "alive" && now() - report.sinceMs > forgetAfterMs;
    if (state !== "gone" && !silentSameName && !forgotten) return false;
    const entries = await this.#remove(id);
    this.#lastReports.delete(id);
    log.info({ instance: id, entries }, `Replica ${id} has ended: ${entries} of its entries are released`);
    if (entries > 0) onReleased();
    return true;
  }

  /** Releases the entries of a replica, then removes it. */
  async #remove(id: string): Promise<number> {
    const { redis, keys, orphanMinIdleMs } = this.#deps;
    const counts = await Promise.all(
      this.#known
        .flatMap((type) => keys.queues(type))
        .map(({ stream, group }) =>
          releaseScript.run<number>(redis, [stream, keys.heartbeats], [group, `_${id}`, orphanMinIdleMs]),
        ),
    );
    // Last, so that the next round repeats what failed before.
    await redis.hdel(keys.instances, id);
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Warns once about each replica of the same name. */
  #warn(sameName: ReadonlySet<string>): void {
    const { identity, log } = this.#deps;
    for (const id of sameName) {
      if (this.#sameName.has(id)) continue;
      const text = `Another replica also has the name ${identity.name}: give each replica its own INSTANCE_ID`;
      log.warn({ instance: id }, text);
    }
    this.#sameName = sameName;
  }
}

/** Parses `<time> <description>`. Unreadable text gives a replica without name and types. */
function parse(text: string): Other {
  try {
    const value = JSON.parse(text.slice(text.indexOf(" ") + 1)) as Partial<Other>;
    const types = Array.isArray(value.types) ? value.types.filter((type) => typeof type === "string") : [];
    return { name: String(value.name), types, evidence: value.evidence };
  } catch {
    return { name: "", types: [], evidence: undefined };
  }
}
