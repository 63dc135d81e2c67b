import { expect, test } from "vitest";
import { drawSchedule } from "./draw.ts";
import type { Finding } from "./oracle/oracle.ts";
import type { Schedule } from "./schedule.ts";
import { shrink } from "./shrink.ts";

const MISSED: Finding = { kind: "missed", detail: "" };
const NOT_RUN: Finding = { kind: "notRun", detail: "" };
const faults = ["a", "b", "c", "d"].map((fault, at) => ({ fault, atMinute: at, forMinutes: 5 }));
const schedule: Schedule = { ...drawSchedule(1), shape: "several", faults };
const names = (of: Schedule) => of.faults.map(({ fault }) => fault).join("");

test("only the faults that the failure needs are left, and everything else stays", async () => {
  const needs = async (smaller: Schedule) => (names(smaller).includes("b") ? [MISSED] : []);
  const smallest = await shrink(schedule, [MISSED], needs, 20);
  expect(smallest).toEqual({ ...schedule, faults: [faults[1]] });
});

test("another kind of finding, or none that was judged, is not the same failure", async () => {
  const smallest = await shrink(schedule, [MISSED, NOT_RUN], async () => [NOT_RUN, { kind: "lost", detail: "" }], 20);
  expect(names(smallest)).toBe("abcd");
});

test("it ends when nothing more may run, or the runs are spent", async () => {
  const tried: number[] = [];
  await shrink(schedule, [MISSED], async (_, left) => void tried.push(left), 20);
  expect(tried).toHaveLength(1);
  const counted: number[] = [];
  const smallest = await shrink(
    schedule,
    [MISSED],
    async (smaller, left) => {
      counted.push(left);
      return names(smaller).includes("cd") ? [MISSED] : [];
    },
    2,
  );
  expect(counted).toHaveLength(2);
  expect(names(smallest)).toBe("cd");
});
