import { setImmediate } from "node:timers/promises";
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

/** Brings an entry to the state `finished`. */
function finish(states: EntryTable, id: string, result?: string): Finished {
  states.delivered(id);
  return states.finish(completed(id, result));
}

describe("an entry", () => {
  it("runs once, although a second read returns it", () => {
    const states = table();
    expect(states.delivered("1")).toBe(true);
    expect(states.delivered("1")).toBe(false);
    states.comparePending([{ id: "2", deaths: 0 }], never);
    expect(states.delivered("2")).toBe(true);
    states.comparePending([{ id: "3", deaths: 0 }], always);
    expect(states.delivered("3")).toBe(false);
    const finished = finish(states, "4");
    states.unacknowledged(finished);
    expect(states.delivered("4")).toBe(false);
  });

  it("that is pending and unknown is recovered at the second comparison, or at once if no read can return it", () => {
    const states = table();
    states.comparePending([{ id: "1", deaths: 0 }], never);
    expect(states.takeWaiting(9).claims).toEqual([]);
    states.comparePending([{ id: "1", deaths: 0 }], never);
    states.comparePending([{ id: "2", deaths: 0 }], always);
    expect(states.takeWaiting(9).claims).toEqual(["1", "2"]);
  });

  it("waits while as many as were asked for are taken, the deferred ones first", () => {
    const states = table();
    states.comparePending(
      ["1", "2", "3"].map((id) => ({ id, deaths: 0 })),
      always,
    );
    for (const id of ["4", "5"]) {
      states.delivered(id);
      states.defer(entry(id));
    }
    const ids = ({ deferred, claims }: ReturnType<EntryTable["takeWaiting"]>) => [
      ...deferred.map(({ id }) => id),
      ...claims,
    ];
    expect(ids(states.takeWaiting(1))).toEqual(["4"]);
    expect(ids(states.takeWaiting(2))).toEqual(["5", "1"]);
    expect(ids(states.takeWaiting(1))).toEqual(["2"]);
    expect(states.waiting).toBe(1);
  });

  it("that is no longer pending at the second comparison is removed", () => {
    const states = table();
    states.comparePending([{ id: "1", deaths: 0 }], never);
    states.comparePending([], never);
    expect(states.size).toBe(0);
    states.comparePending([{ id: "1", deaths: 0 }], never);
    expect(states.waiting).toBe(0);
  });

  it("waits again if its claim fails, and is removed if the claim does not return it", () => {
    const states = table();
    states.comparePending([{ id: "1", deaths: 0 }], always);
    states.takeWaiting(1);
    states.claimFailed("1");
    expect(states.takeWaiting(1).claims).toEqual(["1"]);
    states.claimMissed("1");
    expect(states.size).toBe(0);
    // The failure of a batch does not change entries that were handled since.
    states.claimFailed("1");
    expect(states.size).toBe(0);
  });

  it("whose worker died runs only while no other poison candidate runs, also after it was deferred", () => {
    const states = table();
    const candidates: PendingEntry[] = ["1", "2"].map((id) => ({ id, deaths: 1 }));
    states.comparePending([...candidates, { id: "3", deaths: 0 }], always);
    expect([states.candidates, states.waiting]).toEqual([2, 1]);
    expect(states.candidateRuns).toBe(false);
    expect(states.takeCandidate().claims).toEqual(["1"]);
    expect([states.candidateRuns, states.candidates]).toEqual([true, 2]);
    expect(states.candidateDue).toBe(false);
    expect(states.takeCandidate().claims).toEqual([]);
    states.claimed("1");
    expect(states.candidateRuns).toBe(true);
    states.defer(entry("1"));
    expect(states.candidateRuns).toBe(false);
    expect(states.takeCandidate().claims).toEqual(["2"]);
    states.claimed("2");
    const finished = states.finish(completed("2"));
    // Until it is acknowledged: if another candidate crashed the process now, it would run again.
    expect(states.candidateDue).toBe(false);
    states.acknowledged(finished);
    expect(states.takeCandidate().deferred).toEqual([entry("1")]);
    expect([states.candidateRuns, states.candidates]).toEqual([true, 1]);
    states.acknowledged(states.finish(completed("1")));
    expect([states.candidateDue, states.candidates]).toEqual([false, 0]);
  });

  it("without deaths is not a poison candidate, and does not end the one that runs", () => {
    const states = table();
    states.delivered("1");
    expect(states.candidateRuns).toBe(false);
    states.comparePending([{ id: "2", deaths: 1 }], always);
    states.takeCandidate();
    states.acknowledged(states.finish(completed("1")));
    expect(states.candidateRuns).toBe(true);
  });

  it("throws on a forbidden transition", () => {
    const states = table();
    expect(() => states.finish(completed("1"))).toThrow(
      expect.objectContaining({ constructor: EntryStateError, name: "EntryStateError" }),
    );
    const finished = finish(states, "1");
    expect(() => states.finish(completed("1"))).toThrow("Entry 1 cannot become finished: it is finished");
    expect(() => states.defer(entry("1"))).toThrow("Entry 1 cannot become deferred: it is finished");
    expect(() => states.claimed("1")).toThrow("Entry 1 cannot become running: it is finished");
    expect(() => states.claimMissed("1")).toThrow("Entry 1 cannot become gone: it is finished");
    states.acknowledged(finished);
    expect(() => states.acknowledged(finished)).toThrow("Entry 1 cannot become gone: it is not known");
    expect(() => states.unacknowledged(finished)).toThrow("Entry 1 cannot become unacknowledged: it is not known");
  });
});

describe("the wait for recovered entries", () => {
  const recover = (states: EntryTable, count: number) =>
    states.comparePending(
      Array.from({ length: count }, (_, at) => ({ id: String(at), deaths: 0 })),
      always,
    );

  it("ends at once if no more than the limit wait", async () => {
    const states = table();
    recover(states, 2);
    await states.whenRecoveredAtMost(2);
  });

  it("ends for all callers when enough entries are taken, not earlier", async () => {
    const states = table();
    recover(states, 4);
    let ended = 0;
    const waits = [1, 2].map(async () => {
      await states.whenRecoveredAtMost(2);
      ended++;
    });
    states.takeWaiting(1);
    await setImmediate();
    expect(ended).toBe(0);
    states.takeWaiting(1);
    await Promise.all(waits);
  });
});

describe("outcomes whose acknowledgement failed in all attempts", () => {
  it("are returned once and become finished again", () => {
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

  it("keep their results while they need no more than the limit of bytes", () => {
    const bytes = finish(table(), "1").bytes;
    const states = new EntryTable(9, 2 * bytes);
    for (const id of ["1", "2"]) states.unacknowledged(finish(states, id));
    expect(states.takeUnacknowledged().map(({ outcome }) => outcome)).toEqual([completed("1"), completed("2")]);
  });

  it("are bounded in bytes: the oldest lose their result if it is stored, and are dropped if not", () => {
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

  it("keep their order when one loses its result", () => {
    const states = new EntryTable(9, 10_000);
    for (const id of ["1", "2"]) {
      const finished = finish(states, id, "x".repeat(6_000));
      finished.stored = true;
      states.unacknowledged(finished);
    }
    expect(states.takeUnacknowledged().map(({ outcome }) => [outcome.entryId, outcome.kind])).toEqual([
      ["1", "settled"],
      ["2", "completed"],
    ]);
  });
});

it("never hands out an entry twice and never loses one, in any sequence of events", () => {
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
      // The entries that a lane has. The table must never hand one out twice.
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
        if ("pending" in one) states.comparePending(one.pending, () => one.certain);
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
      // All remaining entries can be taken, and then the table is empty.
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
      states.comparePending([], never);
      expect(states.size).toBe(0);
      expect([states.waiting, states.candidates]).toEqual([0, 0]);
    }),
    { numRuns: 500 },
  );
});
