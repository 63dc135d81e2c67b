import { expect, it } from "vitest";
import type { Entry } from "../entry.ts";
import { EntryTable } from "../entryTable.ts";
import { SlotPool } from "./slotPool.ts";
import type { Probe } from "./suspension.ts";
import { WaitingEntries, type WaitingEntriesDeps } from "./waitingEntries.ts";

it("forgets an entry that its claim does not return", async () => {
  const table = new EntryTable(100, 1e6);
  const recovery = { claim: async () => [] };
  const waiting = new WaitingEntries({ table, recovery } as unknown as WaitingEntriesDeps);
  table.comparePending([{ id: "1-0", deaths: 0 }], () => true);
  await waiting.start(new SlotPool(8).claim("regular", 1), undefined);
  expect(table.size).toBe(0);
});

it.each([
  ["a probe", 1],
  ["no probe", 2],
])("with %s, starts %i of the entries that wait", async (permit, count) => {
  const table = new EntryTable(100, 1e6);
  const claims: (readonly string[])[] = [];
  const recovery = {
    claim: async (ids: readonly string[]) => {
      claims.push(ids);
      return [];
    },
  };
  const waiting = new WaitingEntries({ table, recovery } as unknown as WaitingEntriesDeps);
  const ids = ["1-0", "2-0", "3-0"];
  table.comparePending(
    ids.map((id) => ({ id, deaths: 0 })),
    () => true,
  );
  const probe = permit === "a probe" ? ({} as Probe) : undefined;
  await waiting.start(new SlotPool(8).claim("regular", 2), probe);
  expect(claims).toEqual([ids.slice(0, count)]);
});

it("sends no claim for an entry that it has deferred", async () => {
  const table = new EntryTable(100, 1e6);
  const started: Entry[] = [];
  const executor = { start: (entry: Entry) => started.push(entry) };
  const waiting = new WaitingEntries({ table, executor } as unknown as WaitingEntriesDeps);
  const entry = { id: "1-0" } as Entry;
  table.delivered(entry.id);
  table.defer(entry);
  await waiting.start(new SlotPool(8).claim("regular", 1), undefined);
  expect(started).toEqual([entry]);
});

it("drops a deferred entry that another consumer has claimed, and no other", async () => {
  const table = new EntryTable(100, 1e6);
  const defer = (id: string) => {
    table.delivered(id);
    table.defer({ id } as Entry);
  };
  const recovery = {
    ownPending: async () => {
      // Delivered after Redis has answered.
      defer("4-0");
      // Its probe starts meanwhile.
      table.takeWaiting(1);
      return [{ id: "3-0", deaths: 0 }];
    },
  };
  const acks = { retryUnacknowledged: () => undefined };
  const waiting = new WaitingEntries({ table, recovery, acks } as unknown as WaitingEntriesDeps);
  for (const id of ["1-0", "2-0", "3-0"]) defer(id);
  await waiting.recoverOwn(() => false);
  expect(table.stateOf("1-0")).toMatchObject({ kind: "running" });
  expect(table.deferred).toEqual(["3-0", "4-0"]);
  expect(table.stateOf("2-0")).toBeUndefined();
});
