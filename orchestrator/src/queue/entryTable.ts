import type { Entry } from "./entry.ts";
import { type Outcome, outcomeBytes } from "./outcome.ts";

/** An entry that is pending for this consumer in Redis. `deaths` counts crashes of a worker that may have run it. */
export type PendingEntry = { readonly id: string; readonly deaths: number };

/** An outcome that is being written to Redis. */
export type Finished = {
  readonly kind: "finished";
  readonly deaths: number;
  readonly outcome: Outcome;
  readonly bytes: number;
  /** The result is stored and counted, but the acknowledgement failed. */
  stored: boolean;
  /** An earlier attempt had no answer and may have acknowledged the entry. */
  ambiguous: boolean;
};

/**
 * The state of one entry in this process:
 * - `unconfirmed`: pending in Redis and unknown here; a read in progress may still return it.
 * - `recovered`: pending in Redis and not in use here; waits to be claimed.
 * - `claiming`: the claim was sent to Redis.
 * - `deferred`: delivered or claimed; waits because its type is paused or a breaker is open.
 * - `running`: its handler runs.
 * - `finished`: its outcome is being acknowledged.
 * - `unacknowledged`: the acknowledgement failed for good; the outcome is kept, so that the task need not run again.
 */
export type EntryState =
  | { readonly kind: "unconfirmed"; readonly round: number }
  | { readonly kind: "recovered"; readonly deaths: number }
  | { readonly kind: "claiming"; readonly deaths: number }
  | { readonly kind: "running"; readonly deaths: number }
  | { readonly kind: "deferred"; readonly deaths: number; readonly entry: Entry }
  | Finished
  | { readonly kind: "unacknowledged"; readonly deaths: number; readonly finished: Finished };

type Kind = EntryState["kind"];
type Waiting = "deferred" | "recovered" | "candidate" | "unacknowledged" | "unconfirmed";

/** Shared by all entries without deaths, which are nearly all. */
const RUNNING: EntryState = { kind: "running", deaths: 0 };

/** A forbidden transition: a defect of the caller. */
export class EntryStateError extends Error {
  override readonly name = "EntryStateError";

  constructor(entryId: string, from: string, to: string) {
    super(`Entry ${entryId} cannot become ${to}: it is ${from}`);
  }
}

/** The entries of one consumer that this process knows. Each has one state. A forbidden transition throws. */
export class EntryTable {
  readonly #states = new Map<string, EntryState>();
  /** Ids of waiting entries by reason, oldest first. A candidate is recovered or deferred. */
  readonly #waiting: Readonly<Record<Waiting, Set<string>>> = {
    deferred: new Set(),
    recovered: new Set(),
    candidate: new Set(),
    unacknowledged: new Set(),
    unconfirmed: new Set(),
  };
  readonly #maxUnacknowledged: number;
  readonly #maxUnacknowledgedBytes: number;
  #unacknowledgedBytes = 0;
  /** The poison candidate that runs. */
  #candidate: string | undefined;
  #round = 0;
  #recoveredWaiter: { readonly limit: number; readonly done: PromiseWithResolvers<void> } | undefined;

  /** @param maxUnacknowledged limit of outcomes to keep after their acknowledgement failed for good */
  constructor(maxUnacknowledged: number, maxUnacknowledgedBytes: number) {
    this.#maxUnacknowledged = maxUnacknowledged;
    this.#maxUnacknowledgedBytes = maxUnacknowledgedBytes;
  }

  get size(): number {
    return this.#states.size;
  }

  stateOf(id: string): EntryState | undefined {
    return this.#states.get(id);
  }

  /** Number of entries that wait for a slot, without poison candidates. */
  get waiting(): number {
    return this.#waiting.deferred.size + this.#waiting.recovered.size;
  }

  /** Resolves when at most `limit` recovered entries wait to be claimed, without poison candidates. */
  async whenRecoveredAtMost(limit: number): Promise<void> {
    if (this.#waiting.recovered.size <= limit) return;
    this.#recoveredWaiter ??= { limit, done: Promise.withResolvers() };
    await this.#recoveredWaiter.done.promise;
  }

  /** Number of poison candidates that wait or run. */
  get candidates(): number {
    return this.#waiting.candidate.size + (this.#candidate === undefined ? 0 : 1);
  }

  /** True while a poison candidate runs. */
  get candidateRuns(): boolean {
    return this.#candidate !== undefined;
  }

  /** True if a poison candidate waits and none runs. */
  get candidateDue(): boolean {
    return this.#waiting.candidate.size > 0 && this.#candidate === undefined;
  }

  /** A read returned the entry: it runs. Returns false if this process already has it. */
  delivered(id: string): boolean {
    const state = this.#states.get(id);
    if (state !== undefined && state.kind !== "unconfirmed") return false;
    this.#set(id, state, RUNNING);
    return true;
  }

  /** Makes an entry wait instead of run. */
  defer(entry: Entry): void {
    const state = this.#expect(entry.id, "deferred", "running");
    this.#set(entry.id, state, { kind: "deferred", deaths: state.deaths, entry });
  }

  /** The ids of the deferred entries. */
  get deferred(): readonly string[] {
    const { candidate, deferred } = this.#waiting;
    return [...deferred, ...candidate].filter((id) => this.#states.get(id)?.kind === "deferred");
  }

  /** Another consumer has claimed a deferred entry. Does nothing if the entry is in another state by now. */
  deferredLost(id: string): void {
    const state = this.#states.get(id);
    if (state?.kind === "deferred") this.#set(id, state, undefined);
  }

  /**
   * Takes up to `limit` waiting entries, without poison candidates. The caller runs deferred entries and claims recovered
   * ones.
   */
  takeWaiting(limit: number): { deferred: Entry[]; claims: string[] } {
    const taken = { deferred: [] as Entry[], claims: [] as string[] };
    for (const id of this.#waiting.deferred) {
      if (taken.deferred.length === limit) return taken;
      this.#take(id, taken);
    }
    for (const id of this.#waiting.recovered) {
      if (taken.deferred.length + taken.claims.length === limit) break;
      this.#take(id, taken);
    }
    return taken;
  }

  /** Takes the next poison candidate, unless one runs. */
  takeCandidate(): { deferred: Entry[]; claims: string[] } {
    const taken = { deferred: [] as Entry[], claims: [] as string[] };
    if (!this.candidateDue) return taken;
    for (const id of this.#waiting.candidate) {
      this.#take(id, taken);
      break;
    }
    return taken;
  }

  /** The claim returned the entry: it runs. */
  claimed(id: string): void {
    const state = this.#expect(id, "running", "claiming");
    this.#set(id, state, state.deaths === 0 ? RUNNING : { kind: "running", deaths: state.deaths });
  }

  /** The claim did not return the entry: another consumer has it, or it is deleted. */
  claimMissed(id: string): void {
    this.#set(id, this.#expect(id, "gone", "claiming"), undefined);
  }

  /** The claim failed: the entry waits for the next one. Does nothing if the entry is in another state by now. */
  claimFailed(id: string): void {
    const state = this.#states.get(id);
    if (state?.kind === "claiming") this.#set(id, state, { kind: "recovered", deaths: state.deaths });
  }

  /** Stores the outcome of an entry. */
  finish(outcome: Outcome): Finished {
    const id = outcome.entryId;
    const state = this.#expect(id, "finished", "running");
    const finished: Finished = {
      kind: "finished",
      deaths: state.deaths,
      outcome,
      bytes: outcomeBytes(outcome),
      stored: false,
      ambiguous: false,
    };
    this.#set(id, state, finished);
    return finished;
  }

  /** The outcome is stored, or another consumer owns the entry. Removes the entry. */
  acknowledged({ outcome }: Finished): void {
    this.#set(outcome.entryId, this.#expect(outcome.entryId, "gone", "finished"), undefined);
  }

  /**
   * Keeps an outcome whose acknowledgement failed for good, for the next round of recovery. Over the limits, the oldest
   * outcomes lose their result if it is stored. Otherwise they are dropped, and their tasks run again.
   */
  unacknowledged(finished: Finished): void {
    const id = finished.outcome.entryId;
    const state = this.#expect(id, "unacknowledged", "finished");
    this.#set(id, state, { kind: "unacknowledged", deaths: state.deaths, finished });
    this.#boundUnacknowledged();
  }

  /** Takes the kept outcomes, to acknowledge them again. */
  takeUnacknowledged(): Finished[] {
    const taken: Finished[] = [];
    for (const id of this.#waiting.unacknowledged) {
      const state = this.#states.get(id);
      if (state?.kind !== "unacknowledged") continue;
      this.#set(id, state, state.finished);
      taken.push(state.finished);
    }
    return taken;
  }

  /**
   * Compares the table with all pending entries of this consumer in Redis. An unknown entry becomes recovered if
   * `certain` says that no read in progress can return it, or if the previous call found it too.
   */
  comparePending(pending: readonly PendingEntry[], certain: (id: string) => boolean): void {
    const round = ++this.#round;
    for (const { id, deaths } of pending) {
      const state = this.#states.get(id);
      if (state !== undefined && state.kind !== "unconfirmed") continue;
      const next: EntryState =
        certain(id) || (state !== undefined && state.round < round)
          ? { kind: "recovered", deaths }
          : { kind: "unconfirmed", round };
      this.#set(id, state, next);
    }
    for (const id of this.#waiting.unconfirmed) {
      const state = this.#states.get(id);
      if (state?.kind === "unconfirmed" && state.round < round) this.#set(id, state, undefined);
    }
  }

  #boundUnacknowledged(): void {
    const ids = this.#waiting.unacknowledged;
    for (const id of ids) {
      const countFits = ids.size <= this.#maxUnacknowledged;
      if (countFits && this.#unacknowledgedBytes <= this.#maxUnacknowledgedBytes) return;
      const state = this.#states.get(id);
      if (state?.kind !== "unacknowledged") continue;
      const { finished } = state;
      if (!countFits || !finished.stored) this.#set(id, state, undefined);
      else if (finished.outcome.kind === "completed")
        this.#set(id, state, { ...state, finished: withoutStoredResult(finished) });
    }
  }

  #take(id: string, taken: { deferred: Entry[]; claims: string[] }): void {
    const state = this.#states.get(id);
    if (state?.kind === "deferred") {
      taken.deferred.push(state.entry);
      this.#set(id, state, state.deaths === 0 ? RUNNING : { kind: "running", deaths: state.deaths });
    } else if (state?.kind === "recovered") {
      taken.claims.push(id);
      this.#set(id, state, { kind: "claiming", deaths: state.deaths });
    }
  }

  #expect<K extends Kind>(id: string, to: Kind | "gone", from: K): Extract<EntryState, { kind: K }> {
    const state = this.#states.get(id);
    if (state?.kind !== from) throw new EntryStateError(id, state?.kind ?? "not known", to);
    return state as Extract<EntryState, { kind: K }>;
  }

  #wakeRecovered(): void {
    const waiter = this.#recoveredWaiter;
    if (waiter === undefined || this.#waiting.recovered.size > waiter.limit) return;
    this.#recoveredWaiter = undefined;
    waiter.done.resolve();
  }

  /** The only place where a state changes. */
  #set(id: string, before: EntryState | undefined, state: EntryState | undefined): void {
    const from = before && waitingIn(before);
    const to = state && waitingIn(state);
    if (from !== to) {
      if (from !== undefined) this.#waiting[from].delete(id);
      if (from === "recovered") this.#wakeRecovered();
      if (to !== undefined) this.#waiting[to].add(id);
    }
    if (before?.kind === "unacknowledged") this.#unacknowledgedBytes -= before.finished.bytes;
    if (state?.kind === "unacknowledged") this.#unacknowledgedBytes += state.finished.bytes;
    if (state === undefined) this.#states.delete(id);
    else this.#states.set(id, state);
    if (state !== undefined && isStartedCandidate(state)) this.#candidate ??= id;
    else if (this.#candidate === id) this.#candidate = undefined;
  }
}

/** The list of waiting entries that this state belongs to; undefined if the entry does not wait. */
function waitingIn(state: EntryState): Waiting | undefined {
  switch (state.kind) {
    case "deferred":
    case "recovered":
      return state.deaths > 0 ? "candidate" : state.kind;
    case "unconfirmed":
    case "unacknowledged":
      return state.kind;
    default:
      return undefined;
  }
}

function isStartedCandidate(state: EntryState): boolean {
  if (state.kind !== "claiming" && state.kind !== "running" && state.kind !== "finished") return false;
  return state.deaths > 0;
}

/** The outcome without its result, which is stored already. Only the acknowledgement is left to do. */
function withoutStoredResult(finished: Finished): Finished {
  const { entryId, taskId } = finished.outcome;
  const outcome: Outcome = { kind: "settled", entryId, taskId };
  return { ...finished, outcome, bytes: outcomeBytes(outcome) };
}
