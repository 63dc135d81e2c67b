import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Entry } from "./entry.ts";
import { EntryStateError, EntryTable, type Finished, type PendingEntry } from "./entryTable.ts";
import type { Outcome } from "./outcome.ts";

const completed = (id: string, result = "1 2 w 3"): Outcome => ({
  kind: "completed",
  entryId: id,
  taskId: id,
  originMs: 0,
  waitedMs: 0,
  result,
  hasRecord: false,
});
const entry = (id: string) => ({ id }) as Entry;
const never = () => false;
const always = () => true;
const table = () => new EntryTable(100, 1_000_000);

/** Brings an entry to a state in which its outcome waits for its acknowledgement. */
function finish(states: EntryTable, id: string, result?: string): Finished {
  states.delivered(id);
  return states.finish(completed(id, result));
}

describe("an entry", () => {
  it("that a read brings runs once, whatever is known of it by then", () => {
    const states = table();
    expect(states.delivered("1")).toBe(true);
    expect(states.delivered("1")).toBe(false);
    states.sight([{ id: "2", deaths: 0 }], never);
    expect(states.delivered("2")).toBe(true);
    states.sight([{ id: "3", deaths: 0 }], always);
    expect(states.delivered("3")).toBe(false);
    const finished = finish(states, "4");
    states.unacknowledged(finished);
    expect(states.delivered("4")).toBe(false);
  });

  it("that is pending and not known is recovered at the second look, or at once where no reply can bring it", () => {
    const states = table();
    states.sight([{ id: "1", deaths: 0 }], never);
    expect(states.takeWaiting(9).claims).toEqual([]);
    states.sight([{ id: "1", deaths: 0 }], never);
    states.sight([{ id: "2", deaths: 0 }], always);
    expect(states.takeWaiting(9).claims).toEqual(["1", "2"]);
  });

  it("that was sighted once and is gone at the next look is forgotten", () => {
    const states = table();
    states.sight([{ id: "1", deaths: 0 }], never);
    states.sight([], never);
    expect(states.size).toBe(0);
    states.sight([{ id: "1", deaths: 0 }], never);
    expect(states.waiting).toBe(0);
  });

  it("whose claim is lost waits again; one that is not ours any more is forgotten", () => {
    const states = table();
    states.sight([{ id: "1", deaths: 0 }], always);
    states.takeWaiting(1);
    states.claimFailed("1");
    expect(states.takeWaiting(1).claims).toEqual(["1"]);
    states.claimMissed("1");
    expect(states.size).toBe(0);
    // A failed claim of a batch leaves alone what was dealt with.
    states.claimFailed("1");
    expect(states.size).toBe(0);
  });

  it("whose worker died runs when no other such runs, also after it was deferred", () => {
    const states = table();
    const candidates: PendingEntry[] = ["1", "2"].map((id) => ({ id, deaths: 1 }));
    states.sight([...candidates, { id: "3", deaths: 0 }], always);
    expect([states.candidates, states.waiting]).toEqual([2, 1]);
    expect(states.takeCandidate().claims).toEqual(["1"]);
    expect(states.candidateDue).toBe(false);
    expect(states.takeCandidate().claims).toEqual([]);
    states.claimed("1");
    states.defer(entry("1"));
    expect(states.takeCandidate().claims).toEqual(["2"]);
    states.claimed("2");
    const finished = states.finish(completed("2"));
    // Until it is acknowledged: it would be run again if another took the process down now.
    expect(states.candidateDue).toBe(false);
    states.acknowledged(finished);
    expect(states.takeCandidate().deferred).toEqual([entry("1")]);
  });

  it("refuses a transition that no correct caller asks for", () => {
    const states = table();
    expect(() => states.finish(completed("1"))).toThrow(EntryStateError);
    const finished = finish(states, "1");
    expect(() => states.finish(completed("1"))).toThrow("Entry 1 cannot become finished: it is finished");
    states.acknowledged(finished);
    expect(() => states.acknowledged(finished)).toThrow("Entry 1 cannot become gone: it is not known");
  });
});

describe("outcomes whose acknowledgement was given up", () => {
  it("are given back, and finished once more", () => {
    const states = table();
    const finished = finish(states, "1");
    states.unacknowledged(finished);
    expect(states.takeUnacknowledged()).toEqual([finished]);
    expect(states.takeUnacknowledged()).toEqual([]);
    states.acknowledged(finished);
    expect(states.size).toBe(0);
  });

  it("are bounded in number: the oldest are dropped", () => {
    const states = new EntryTable(2, 1_000_000);
    for (const id of ["1", "2", "3"]) states.unacknowledged(finish(states, id));
    expect(states.takeUnacknowledged().map(({ outcome }) => outcome.entryId)).toEqual(["2", "3"]);
  });

  it("are bounded in bytes: the oldest lose a result that is stored, and are dropped where it is not", () => {
    const states = new EntryTable(9, 10_000);
    for (const id of ["1", "2", "3"]) {
      const finished = finish(states, id, "x".repeat(6_000));
      finished.stored = id === "1";
      states.unacknowledged(finished);
    }
    expect(states.takeUnacknowledged().map(({ outcome }) => [outcome.entryId, outcome.kind])).toEqual([
      ["1", "settled"],
      ["3", "completed"],
    ]);
  });
});

it("no sequence of events has an entry in two places, or loses one", () => {
  const id = fc.constantFrom("1", "2", "3", "4", "5");
  const step = fc.oneof(
    fc.record({ do: fc.constantFrom("deliver", "defer", "finish", "fail claim", "miss claim", "claim"), id }),
    fc.record({ do: fc.constantFrom("take", "candidate", "acknowledge", "give up", "retry"), count: fc.nat(3) }),
    fc.record({
      do: fc.constant("sight"),
      pending: fc.uniqueArray(fc.record({ id, deaths: fc.nat(2) }), { selector: (one) => one.id }),
      certain: fc.boolean(),
    }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const states = table();
      // What a lane would hold of the entries: the table must never hand one out twice.
      const running = new Set<string>();
      const claiming = new Set<string>();
      const acknowledging: Finished[] = [];
      const start = (taken: { deferred: Entry[]; claims: string[] }) => {
        for (const one of taken.deferred) {
          expect(running.has(one.id)).toBe(false);
          running.add(one.id);
        }
        for (const claim of taken.claims) {
          expect(claiming.has(claim) || running.has(claim)).toBe(false);
          claiming.add(claim);
        }
      };
      for (const one of steps) {
        if ("pending" in one) states.sight(one.pending, () => one.certain);
        else if ("count" in one) {
          if (one.do === "take") start(states.takeWaiting(one.count));
          else if (one.do === "candidate") start(states.takeCandidate());
          else if (one.do === "retry") acknowledging.push(...states.takeUnacknowledged());
          else {
            const finished = acknowledging.shift();
            if (finished === undefined) continue;
            if (one.do === "acknowledge") states.acknowledged(finished);
            else states.unacknowledged(finished);
          }
        } else if (one.do === "deliver") {
          if (states.delivered(one.id)) {
            expect(running.has(one.id) || claiming.has(one.id)).toBe(false);
            running.add(one.id);
          }
        } else if (one.do === "defer" && running.delete(one.id)) states.defer(entry(one.id));
        else if (one.do === "finish" && running.delete(one.id)) acknowledging.push(states.finish(completed(one.id)));
        else if (one.do === "fail claim" && claiming.delete(one.id)) states.claimFailed(one.id);
        else if (one.do === "miss claim" && claiming.delete(one.id)) states.claimMissed(one.id);
        else if (one.do === "claim" && claiming.delete(one.id)) {
          states.claimed(one.id);
          running.add(one.id);
        }
        for (const other of running) expect(states.stateOf(other)?.kind).toBe("running");
        for (const other of claiming) expect(states.stateOf(other)?.kind).toBe("claiming");
        for (const { outcome } of acknowledging) expect(states.stateOf(outcome.entryId)?.kind).toBe("finished");
      }
      // Everything that is left comes out again, and then the table is empty.
      for (const other of claiming) states.claimMissed(other);
      for (const other of running) acknowledging.push(states.finish(completed(other)));
      for (let round = 0; round < 20; round++) {
        for (const finished of [...acknowledging.splice(0), ...states.takeUnacknowledged()])
          states.acknowledged(finished);
        for (const taken of [states.takeWaiting(9), states.takeCandidate()]) {
          for (const claim of taken.claims) states.claimMissed(claim);
          for (const other of taken.deferred) acknowledging.push(states.finish(completed(other.id)));
        }
      }
      states.sight([], never);
      expect(states.size).toBe(0);
      expect([states.waiting, states.candidates]).toEqual([0, 0]);
    }),
    { numRuns: 500 },
  );
});
