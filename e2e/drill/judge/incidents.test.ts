import fc from "fast-check";
import { expect, test } from "vitest";
import { type AlertSeries, incidentsOf } from "./incidents.ts";

const series = (alertstate: string, timesMs: number[], labels = {}): AlertSeries => ({
  labels: { __name__: "ALERTS", alertname: "A", alertstate, severity: "critical", queue: "q", ...labels },
  timesMs,
});

test("a pending series that continues as a firing one is one incident", () => {
  expect(incidentsOf([series("firing", [300, 400]), series("pending", [100, 200])], 150)).toEqual([
    { alertname: "A", instance: { queue: "q" }, pendingAtMs: 100, firingAtMs: 300, lastSeenAtMs: 400 },
  ]);
});

test("evaluations that were skipped do not end a firing alert", () => {
  expect(incidentsOf([series("firing", [300, 400, 2_000])], 150)).toHaveLength(1);
});

test("an alert that is pending again after it fired is a new incident", () => {
  const found = incidentsOf([series("pending", [100, 600]), series("firing", [200, 300, 700])], 150);
  expect(found.map(({ pendingAtMs, firingAtMs }) => [pendingAtMs, firingAtMs])).toEqual([
    [100, 200],
    [600, 700],
  ]);
});

test("an alert that is pending after a restart of Prometheus continues its incident", () => {
  const restart = { fromMs: 350, toMs: 650 };
  const found = incidentsOf([series("pending", [100, 600]), series("firing", [200, 300, 700])], 150, [restart]);
  expect(found).toEqual([
    { alertname: "A", instance: { queue: "q" }, pendingAtMs: 100, firingAtMs: 200, lastSeenAtMs: 700 },
  ]);
});

test("a pending alert that was gone for long is a new incident", () => {
  expect(incidentsOf([series("pending", [100, 200, 900])], 150)).toHaveLength(2);
});

test("instances are distinguished by their own labels, not by those that all alerts have", () => {
  const found = incidentsOf([series("firing", [1]), series("firing", [2], { queue: "other", severity: "warning" })], 1);
  expect(found.map(({ instance }) => instance)).toEqual([{ queue: "q" }, { queue: "other" }]);
});

test("every sample lies within exactly one incident of its instance", () => {
  const times = fc.uniqueArray(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(times, fc.func(fc.boolean()), (all, isFiring) => {
      const sorted = [...all].sort((a, b) => a - b);
      const firing = sorted.filter((atMs) => isFiring(atMs));
      const pending = sorted.filter((atMs) => !isFiring(atMs));
      const found = incidentsOf([series("firing", firing), series("pending", pending)], 200);
      for (const atMs of sorted) {
        expect(found.filter((one) => one.pendingAtMs <= atMs && atMs <= one.lastSeenAtMs)).toHaveLength(1);
      }
      for (const { pendingAtMs, firingAtMs, lastSeenAtMs } of found) {
        expect(pendingAtMs).toBeLessThanOrEqual(firingAtMs ?? lastSeenAtMs);
        expect(firingAtMs ?? pendingAtMs).toBeLessThanOrEqual(lastSeenAtMs);
      }
    }),
  );
});
