import { expect, test } from "vitest";
import { createKeys } from "../../keys.ts";
import type { TaskView } from "../task.ts";
import { type Found, type LiveEntry, viewOf } from "./lookup.ts";

const queue = createKeys("mcp").queue("ml", "express");
const BASE = { taskId: "t", type: "ml", lane: "express" } as const;
const error = { reason: "timeout", code: "TIMEOUT", message: "slow" } as const;

const live = (fields: readonly string[], pending?: LiveEntry["pending"]): Pick<Found, "entry"> => ({
  entry: { id: "70-1", fields: ["payload", "1", ...fields], lastDeliveredId: "0-0", ...(pending && { pending }) },
});
const recorded = (state: "c" | "f" | "r" | "d", body: object, originId = "70-1"): Pick<Found, "record"> => ({
  record: { state, originId, entryId: "71-0", stream: queue.stream, body: { attempts: 2, ...body } },
});

test.each<[string, Partial<Found>, Omit<TaskView, keyof typeof BASE>]>([
  ["waits", live([]), { status: "queued", attempts: 0, enqueuedAtMs: 70 }],
  [
    "waits for another attempt",
    live(["attempt", "2", "origin", "60-0"]),
    { status: "retrying", attempts: 2, enqueuedAtMs: 60 },
  ],
  [
    "runs",
    live(["attempt", "2", "origin", "60-0"], { consumer: "express_ml_0", idleMs: 1, deliveries: 1 }),
    { status: "running", attempts: 3, enqueuedAtMs: 60, worker: "express_ml_0" },
  ],
  [
    "cannot be decoded",
    { entry: { id: "70-1", fields: [], lastDeliveredId: "" } },
    { status: "queued", attempts: 0, enqueuedAtMs: 70 },
  ],
  [
    "completed at its first attempt",
    {
      completed: {
        entryId: "70-1",
        body: { attempts: 1, startedAtMs: 80, finishedAtMs: 95, worker: "w", resultJson: "[1]" },
      },
    },
    {
      ...{ status: "completed", attempts: 1, enqueuedAtMs: 70, startedAtMs: 80, finishedAtMs: 95, latencyMs: 25 },
      ...{ worker: "w", resultJson: "[1]" },
    },
  ],
  [
    "completed and lost its result",
    recorded("c", { startedAtMs: 80, finishedAtMs: 95, resultDropped: true }),
    {
      ...{ status: "completed", attempts: 2, enqueuedAtMs: 70, startedAtMs: 80, finishedAtMs: 95, latencyMs: 25 },
      resultDropped: true,
    },
  ],
  [
    "failed",
    recorded("f", { finishedAtMs: 95, error, deadLetterId: "9-9" }),
    { status: "failed", attempts: 2, enqueuedAtMs: 70, finishedAtMs: 95, latencyMs: 25, error, deadLetterId: "9-9" },
  ],
  [
    "failed before it began, by a clock that was set back",
    recorded("f", { finishedAtMs: 10 }),
    {
      ...{ status: "failed", attempts: 2, enqueuedAtMs: 70, finishedAtMs: 10, latencyMs: 0 },
    },
  ],
  [
    "waits for a retry",
    recorded("r", { dueAtMs: 99, error }),
    { status: "retrying", attempts: 2, enqueuedAtMs: 70, dueAtMs: 99, error },
  ],
  [
    "is delayed",
    recorded("d", { attempts: 0, dueAtMs: 99, acceptedAtMs: 33 }, "-"),
    { status: "delayed", attempts: 0, enqueuedAtMs: 33, dueAtMs: 99 },
  ],
  [
    "completed without a known first entry",
    recorded("c", { finishedAtMs: 95 }, "-"),
    { status: "completed", attempts: 2, enqueuedAtMs: 95, finishedAtMs: 95, latencyMs: 0 },
  ],
  ["is known by its place alone", {}, { status: "completed", attempts: 0, enqueuedAtMs: 0 }],
])("the view of a task that %s", (_, found, expected) => {
  expect(viewOf("t", { nowMs: 100, queue, ...found })).toEqual({ ...BASE, ...expected });
});
