import { expect, test } from "vitest";
import { createKeys } from "../../keys.ts";
import type { QueueSnapshot, QueueState } from "./snapshot.ts";
import { unservedTypes, withoutEmptyQueues } from "./unservedTypes.ts";

const keys = createKeys("mcp");
const EMPTY = {
  ...{ depth: 0, pending: 0, lag: 0, oldestAgeSeconds: 0 },
  ...{ delayed: 0, overdueSeconds: 0, unaccounted: 0, writtenOff: 0 },
};

function snapshotOf(...queues: readonly [type: string, lane: "express" | "regular", fields: Partial<QueueState>][]) {
  const states = queues.map(([type, lane, fields]) => ({ ...keys.queue(type, lane), ...EMPTY, ...fields }));
  return { nowMs: 1, queues: states } as unknown as QueueSnapshot;
}

test("a type without a replica has the tasks of both lanes, waiting and delayed", () => {
  const snapshot = snapshotOf(
    ["old", "express", { depth: 2 }],
    ["old", "regular", { depth: 3, delayed: 4 }],
    ["older", "regular", { delayed: 1 }],
    ["empty", "regular", { unaccounted: 5 }],
    ["ml", "regular", { depth: 6 }],
  );
  const known = { types: ["ml", "old", "older", "empty"], serves: (type: string) => type === "ml" };
  expect(unservedTypes(snapshot, known)).toEqual([
    { type: "old", tasks: 9 },
    { type: "older", tasks: 1 },
  ]);
});

test("a queue of another replica's type is shown only if there is something in it", () => {
  const snapshot = snapshotOf(
    ["ml", "regular", {}],
    ["empty", "regular", { pending: 1, writtenOff: 2 }],
    ["waiting", "regular", { depth: 1 }],
    ["delayed", "regular", { delayed: 1 }],
    ["lost", "regular", { unaccounted: 1 }],
    ["doubled", "regular", { unaccounted: -1 }],
  );
  const { queues, nowMs } = withoutEmptyQueues(snapshot, ["ml"]);
  expect(queues.map(({ type }) => type)).toEqual(["ml", "waiting", "delayed", "lost", "doubled"]);
  expect(nowMs).toBe(1);
});
