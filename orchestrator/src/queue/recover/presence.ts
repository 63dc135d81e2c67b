import type { Keys } from "../../keys.ts";
import type { Log } from "../../log.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { Script } from "../../redis/script.ts";
import { type Identity, type ProcessEvidence, stateOfProcess } from "./processIdentity.ts";

const presenceScript = new Script("presence");
const handOverScript = new Script("handOver");

/** A namesake that cannot be seen from here, and that did not move in this many rounds, has ended. */
const ROUNDS_UNTIL_GONE = 4;

export type PresenceDeps = {
  readonly redis: RedisClient;
  readonly keys: Keys;
  readonly identity: Identity;
  readonly types: readonly string[];
  /** Entries that are idle for this long are taken by orphan recovery, ms. */
  readonly orphanMinIdleMs: number;
  /** A replica of another name that did not move for this long is forgotten, ms. Its entries are orphans by then. */
  readonly forgetAfterMs: number;
  /** Monotonic clock in ms. */
  readonly now: () => number;
  /** Receives that entries of a predecessor wait to be taken over. */
  readonly onHandedOver: () => void;
  readonly log: Log;
};

type Other = {
  readonly name: string;
  readonly types: readonly string[];
  readonly evidence: ProcessEvidence | undefined;
};
type Sighting = { readonly text: string; rounds: number; readonly sinceMs: number };

/**
 * This replica's presence among the others, in Redis. It says who is there and with which task types. When a predecessor,
 * that is a former life of the same name, has ended, its entries are handed over at once and need not become orphans first.
 */
export class Presence {
  readonly #deps: PresenceDeps;
  readonly #sightings = new Map<string, Sighting>();
  #known: readonly string[];
  #servedElsewhere: ReadonlySet<string> = new Set();
  #namesakes: ReadonlySet<string> = new Set();

  constructor(deps: PresenceDeps) {
    this.#deps = deps;
    this.#known = deps.types;
  }

  /** Every type that a replica has ever had, as of the last round; this one's from the start. */
  get types(): readonly string[] {
    return this.#known;
  }

  /** True for a type that this replica or another one that is there works on. */
  serves(type: string): boolean {
    return this.#deps.types.includes(type) || this.#servedElsewhere.has(type);
  }

  /** Ids of other replicas that are there and have the same name. */
  get namesakes(): ReadonlySet<string> {
    return this.#namesakes;
  }

  /** One round. Run it every second or so. */
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
    const namesakes = new Set<string>();
    const present = new Set<string>();
    for (let at = 0; at + 1 < instances.length; at += 2) {
      const [id, text] = [instances[at] as string, instances[at + 1] as string];
      if (id === identity.id) continue;
      present.add(id);
      const other = parse(text);
      if (await this.#removeIfGone(id, text, other)) continue;
      for (const type of other.types) served.add(type);
      if (other.name === identity.name) namesakes.add(id);
    }
    for (const id of this.#sightings.keys()) if (!present.has(id)) this.#sightings.delete(id);
    this.#servedElsewhere = served;
    this.#report(namesakes);
  }

  /** Says that this replica ends, and hands over what its consumers still have. */
  async leave(): Promise<void> {
    await this.#handOver(this.#deps.identity.id);
  }

  async #removeIfGone(id: string, text: string, other: Other): Promise<boolean> {
    const { identity, log, now, forgetAfterMs, onHandedOver } = this.#deps;
    const seen = this.#sightings.get(id);
    const sighting = seen?.text === text ? seen : { text, rounds: 0, sinceMs: now() };
    if (seen?.text === text) sighting.rounds++;
    this.#sightings.set(id, sighting);
    const state = stateOfProcess(other.evidence);
    const silentNamesake = state === "unknown" && other.name === identity.name && sighting.rounds >= ROUNDS_UNTIL_GONE;
    const forgotten = state !== "alive" && now() - sighting.sinceMs > forgetAfterMs;
    if (state !== "gone" && !silentNamesake && !forgotten) return false;
    const entries = await this.#handOver(id);
    this.#sightings.delete(id);
    log.info({ instance: id, entries }, `Replica ${id} has ended: ${entries} of its entries are claimed`);
    if (entries > 0) onHandedOver();
    return true;
  }

  async #handOver(id: string): Promise<number> {
    const { redis, keys, orphanMinIdleMs } = this.#deps;
    const counts = await Promise.all(
      this.#known
        .flatMap((type) => keys.queues(type))
        .map(({ stream, group }) =>
          handOverScript.run<number>(redis, [stream, keys.heartbeats], [group, `_${id}`, orphanMinIdleMs]),
        ),
    );
    // Last: what failed before is tried again with the next round.
    await redis.hdel(keys.instances, id);
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Each namesake is logged once. */
  #report(namesakes: ReadonlySet<string>): void {
    const { identity, log } = this.#deps;
    for (const id of namesakes) {
      if (this.#namesakes.has(id)) continue;
      const text = `Another replica with the name ${identity.name} is there: give each its own INSTANCE_ID`;
      log.warn({ instance: id }, text);
    }
    this.#namesakes = namesakes;
  }
}

/** Reads `<time> <description>`; what is unreadable is a replica of no name and no types. */
function parse(text: string): Other {
  try {
    const value = JSON.parse(text.slice(text.indexOf(" ") + 1)) as Partial<Other>;
    const types = Array.isArray(value.types) ? value.types.filter((type) => typeof type === "string") : [];
    return { name: String(value.name), types, evidence: value.evidence };
  } catch {
    return { name: "", types: [], evidence: undefined };
  }
}
