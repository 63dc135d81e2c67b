import type { Entry } from "./entry.ts";
import { type Outcome, outcomeBytes } from "./outcome.ts";

/** An entry that is pending for this consumer in Redis, and how often its worker died while it may have run it. */
export type PendingEntry = { readonly id: string; readonly deaths: number };

/** An outcome on its way to Redis. */
export type Finished = {
  readonly kind: "finished";
  readonly deaths: number;
  readonly outcome: Outcome;
  readonly bytes: number;
  /** Its result is stored and counted, although its acknowledgement failed. */
  stored: boolean;
  /** An attempt whose end is not known may have acknowledged it. */
  ambiguous: boolean;
};

/**
 * The state of one entry in this process:
 * - `sighted`: pending in Redis, and not known here; a reply that brings it may be on its way.
 * - `recovered`: pending in Redis and held by nothing here; waits to be claimed.
 * - `claiming`: its claim is on its way to Redis.
 * - `deferred`: delivered or claimed, and must wait: its type is paused or a breaker is open.
 * - `running`: its handler has it.
 * - `finished`: its outcome waits for its acknowledgement.
 * - `unacknowledged`: its acknowledgement was given up; the outcome is kept, so that the task need not run again.
 */
export type EntryState =
  | { readonly kind: "sighted"; readonly round: number }
  | { readonly kind: "recovered"; readonly deaths: number }
  | { readonly kind: "claiming"; readonly deaths: number }
  | { readonly kind: "running"; readonly deaths: number }
  | { readonly kind: "deferred"; readonly deaths: number; readonly entry: Entry }
  | Finished
  | { readonly kind: "unacknowledged"; readonly deaths: number; readonly finished: Finished };

type Kind = EntryState["kind"];
type Waiting = "deferred" | "recovered" | "candidate" | "unacknowledged" | "sighted";

/** The state of nearly every entry that is read: one object for all of them. */
const RUNNING: EntryState = { kind: "running", deaths: 0 };

/** A transition that no correct caller asks for. */
export class EntryStateError extends Error {
  override readonly name = "EntryStateError";

  constructor(entryId: string, from: string, to: string) {
    super(`Entry ${entryId} cannot become ${to}: it is ${from}`);
  }
}

/**
 * The entries of one consumer that this process knows, each in exactly one state. Every transition is here, and one that
 * is not allowed throws.
 */
export class EntryTable {
  readonly #states = new Map<string, EntryState>();
  /** Ids by what they wait for, in the order in which they came to it. A candidate is recovered or deferred. */
  readonly #waiting: Readonly<Record<Waiting, Set<string>>> = {
    deferred: new Set(),
    recovered: new Set(),
    candidate: new Set(),
    unacknowledged: new Set(),
    sighted: new Set(),
  };
  readonly #maxUnacknowledged: number;
  readonly #maxUnacknowledgedBytes: number;
  #unacknowledgedBytes = 0;
  /** The one poison candidate that was started and has not ended. */
  #candidate: string | undefined;
  #round = 0;
  #recoveredWaiter: { readonly most: number; readonly done: PromiseWithResolvers<void> } | undefined;

  /** @param maxUnacknowledged most outcomes that are kept after their acknowledgement was given up, and most bytes */
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

  /** Entries that wait for a slot, poison candidates left out. */
  get waiting(): number {
    return this.#waiting.deferred.size + this.#waiting.recovered.size;
  }

  /** Resolves when no more than this many recovered entries wait to be claimed, poison candidates left out. */
  async whenRecoveredAtMost(most: number): Promise<void> {
    if (this.#waiting.recovered.size <= most) return;
    this.#recoveredWaiter ??= { most, done: Promise.withResolvers() };
    await this.#recoveredWaiter.done.promise;
  }

  /** Poison candidates that wait or run. */
  get candidates(): number {
    return this.#waiting.candidate.size + (this.#candidate === undefined ? 0 : 1);
  }

  /** True while a poison candidate was started and has not ended. */
  get candidateRuns(): boolean {
    return this.#candidate !== undefined;
  }

  /** True when a poison candidate waits and none runs. */
  get candidateDue(): boolean {
    return this.#waiting.candidate.size > 0 && this.#candidate === undefined;
  }

  /** A read brought the entry: it runs, unless this process knows it already. */
  delivered(id: string): boolean {
    const state = this.#states.get(id);
    if (state !== undefined && state.kind !== "sighted") return false;
    this.#set(id, state, RUNNING);
    return true;
  }

  /** An entry that runs, or would, has to wait. */
  defer(entry: Entry): void {
    const state = this.#expect(entry.id, "deferred", "running");
    this.#set(entry.id, state, { kind: "deferred", deaths: state.deaths, entry });
  }

  /**
   * Takes entries that wait: deferred ones run, recovered ones are to be claimed. Poison candidates are left out.
   *
   * @param most how many
   */
  takeWaiting(most: number): { deferred: Entry[]; claims: string[] } {
    const taken = { deferred: [] as Entry[], claims: [] as string[] };
    for (const id of this.#waiting.deferred) {
      if (taken.deferred.length === most) return taken;
      this.#take(id, taken);
    }
    for (const id of this.#waiting.recovered) {
      if (taken.deferred.length + taken.claims.length === most) break;
      this.#take(id, taken);
    }
    return taken;
  }

  /** Takes the next poison candidate, to run with no other candidate beside it; nothing while one does. */
  takeCandidate(): { deferred: Entry[]; claims: string[] } {
    const taken = { deferred: [] as Entry[], claims: [] as string[] };
    if (!this.candidateDue) return taken;
    for (const id of this.#waiting.candidate) {
      this.#take(id, taken);
      break;
    }
    return taken;
  }

  /** A claim was answered with the entry: it runs. */
  claimed(id: string): void {
    const state = this.#expect(id, "running", "claiming");
    this.#set(id, state, state.deaths === 0 ? RUNNING : { kind: "running", deaths: state.deaths });
  }

  /** A claim was answered without the entry: it belongs to another consumer, or is deleted. */
  claimMissed(id: string): void {
    this.#set(id, this.#expect(id, "gone", "claiming"), undefined);
  }

  /** A claim was not answered: the entry waits for the next one. Entries that are no longer being claimed are left alone. */
  claimFailed(id: string): void {
    const state = this.#states.get(id);
    if (state?.kind === "claiming") this.#set(id, state, { kind: "recovered", deaths: state.deaths });
  }

  /** The outcome of an entry that ran, or was not to be run. */
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

  /** An outcome has reached Redis, or belongs to another consumer: the entry is no longer known here. */
  acknowledged({ outcome }: Finished): void {
    this.#set(outcome.entryId, this.#expect(outcome.entryId, "gone", "finished"), undefined);
  }

  /**
   * The acknowledgement of an outcome was given up: it is kept for the next round of recovery. When they are too many, the
   * oldest lose a result that is stored already, or are dropped: then their tasks run again.
   */
  unacknowledged(finished: Finished): void {
    const id = finished.outcome.entryId;
    const state = this.#expect(id, "unacknowledged", "finished");
    this.#set(id, state, { kind: "unacknowledged", deaths: state.deaths, finished });
    this.#boundUnacknowledged();
  }

  /** Outcomes whose acknowledgement was given up, to be tried again: they are finished once more. */
  takeUnacknowledged(): Finished[] {
    const again: Finished[] = [];
    for (const id of this.#waiting.unacknowledged) {
      const state = this.#states.get(id);
      if (state?.kind !== "unacknowledged") continue;
      this.#set(id, state, state.finished);
      again.push(state.finished);
    }
    return again;
  }

  /**
   * Compares with what is pending for this consumer in Redis. What is not known here becomes recovered when `certain`
   * says that no reply that brings it can be on its way, or when the last look saw it as well.
   */
  sight(pending: readonly PendingEntry[], certain: (id: string) => boolean): void {
    const round = ++this.#round;
    for (const { id, deaths } of pending) {
      const state = this.#states.get(id);
      if (state !== undefined && state.kind !== "sighted") continue;
      const next: EntryState =
        certain(id) || (state !== undefined && state.round < round)
          ? { kind: "recovered", deaths }
          : { kind: "sighted", round };
      this.#set(id, state, next);
    }
    for (const id of this.#waiting.sighted) {
      const state = this.#states.get(id);
      if (state?.kind === "sighted" && state.round < round) this.#set(id, state, undefined);
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
    if (waiter === undefined || this.#waiting.recovered.size > waiter.most) return;
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

/** What an entry in this state waits for; undefined for one that something is being done about. */
function waitingIn(state: EntryState): Waiting | undefined {
  switch (state.kind) {
    case "deferred":
    case "recovered":
      return state.deaths > 0 ? "candidate" : state.kind;
    case "sighted":
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

/** The outcome with its stored result left out: its entry is only to be acknowledged. */
function withoutStoredResult(finished: Finished): Finished {
  const { entryId, taskId } = finished.outcome;
  const outcome: Outcome = { kind: "settled", entryId, taskId };
  return { ...finished, outcome, bytes: outcomeBytes(outcome) };
}
