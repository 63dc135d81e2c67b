import { expect, it } from "vitest";
import { CounterDeltas } from "./counterDeltas.ts";
import { createLayout } from "./layout.ts";
import { noTelemetry } from "./telemetry.ts";

it("the telemetry that counts nothing has the same functions", () => {
  const { telemetry: counters } = new CounterDeltas(createLayout(["ml"]));
  for (const [nothing, counted] of [
    [noTelemetry.lane("ml", "express"), counters.lane("ml", "express")],
    [noTelemetry.upstream("chat"), counters.upstream("chat")],
    [noTelemetry.http(), counters.http()],
    [noTelemetry.redis(), counters.redis()],
  ] as const) {
    expect(Object.keys(nothing).toSorted()).toEqual(Object.keys(counted).toSorted());
    for (const call of Object.values<(...args: never[]) => unknown>(nothing)) expect(call()).toBeUndefined();
  }
  expect(noTelemetry.invalid("ml", "express")).toBeUndefined();
});
