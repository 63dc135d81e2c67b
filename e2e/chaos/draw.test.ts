import { expect, test } from "vitest";
import { ACTIVE_MS, drawSchedule } from "./draw.ts";
import { alwaysFails, lastFaultEndsMs, TOPOLOGIES } from "./schedule.ts";

const MANY = Array.from({ length: 300 }, (_, seed) => drawSchedule(seed));

test("a seed draws the same schedule again, and another one draws another", () => {
  expect(drawSchedule(7)).toEqual(drawSchedule(7));
  expect(drawSchedule(8)).not.toEqual(drawSchedule(7));
});

test("a schedule is plain JSON", () => {
  expect(JSON.parse(JSON.stringify(MANY[0]))).toEqual(MANY[0]);
});

test("every fault, topology and shape is drawn, within the time of a schedule", () => {
  const kinds = new Set(MANY.flatMap(({ faults }) => faults.map(({ kind }) => kind)));
  expect([...kinds].sort()).toEqual([
    "busyRedis",
    "bypass",
    "clock",
    "demote",
    "failover",
    "flushScripts",
    "killClients",
    "killMain",
    "killRedis",
    "killSentinel",
    "killWorker",
    "link",
    "noReplicas",
    "outOfMemory",
    "pause",
    "rateLimit",
    "restartMain",
    "revoke",
    "scale",
    "stopMain",
    "stopRedis",
    "stopWorker",
    "upstream",
  ]);
  expect(new Set(MANY.map(({ topology }) => topology))).toEqual(new Set(TOPOLOGIES));
  const tasks = MANY.flatMap((schedule) => schedule.tasks);
  expect(new Set(tasks.map(({ shape }) => shape)).size).toBe(18);
  for (const schedule of MANY) expect(lastFaultEndsMs(schedule)).toBeLessThanOrEqual(ACTIVE_MS + 4_000);
});

test("faults overlap, and those of a Sentinel's topology disturb no link, because Sentinel names the servers", () => {
  const overlapping = MANY.filter(({ faults }) =>
    faults.some(
      (fault, at) => "forMs" in fault && (faults[at + 1]?.atMs ?? Number.POSITIVE_INFINITY) < fault.atMs + fault.forMs,
    ),
  );
  expect(overlapping.length).toBeGreaterThan(MANY.length / 2);
  const sentinel = MANY.filter(({ topology }) => topology === "sentinel").flatMap(({ faults }) => faults);
  expect(sentinel.some(({ kind }) => kind === "link" || kind === "demote")).toBe(false);
});

test("tasks that take their worker down come early and share no type with upstream tasks", () => {
  const failing = MANY.flatMap(({ tasks }) => tasks).filter(({ shape }) => alwaysFails(shape));
  expect(failing.length).toBeGreaterThan(100);
  for (const { type, atMs } of failing) {
    expect(type).toBe("codegen");
    expect(atMs).toBeLessThan(ACTIVE_MS / 2);
  }
});
