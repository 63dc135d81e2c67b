import { expect, it } from "vitest";
import type { Lane } from "../../metrics/contract.ts";
import { EntryTable } from "../entryTable.ts";
import { Quarantine } from "./quarantine.ts";

it("runs one poison candidate at a time in both lanes together", () => {
  const quarantine = new Quarantine();
  const due = () => (["express", "regular"] as const).map((lane) => quarantine.candidateDue(lane));
  expect(due()).toEqual([false, false]);
  const table = (lane: Lane) => {
    const entries = new EntryTable(100, 1e6);
    quarantine.watch(lane, entries);
    return entries;
  };
  const [express, regular] = [table("express"), table("regular")];
  expect(due()).toEqual([false, false]);
  for (const entries of [express, regular]) entries.comparePending([{ id: "1-0", deaths: 1 }], () => true);
  expect(due()).toEqual([true, true]);
  express.takeCandidate();
  expect(due()).toEqual([false, false]);
  express.claimMissed("1-0");
  expect(due()).toEqual([false, true]);
});

it("lasts from the start until both lanes have no candidate left", () => {
  const quarantine = new Quarantine();
  expect(quarantine.active).toBe(true);
  quarantine.clear("regular");
  expect(quarantine.active).toBe(true);
  quarantine.clear("express");
  expect(quarantine.active).toBe(false);
});
