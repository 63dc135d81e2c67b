import { describe, expect, test } from "vitest";
import type { Evidence, QueueSight, ReplicaSight, TaskEvidence } from "./evidence.ts";
import type { ExecutionEvent } from "./executionLog.ts";
import { allowedRepeats, judge } from "./oracle.ts";
import type { Fault, Shape, TaskPlan } from "./schedule.ts";

const LIMITS = { concurrency: 4, types: 3 };
const ID = "ml.regular.1-0";

function plan(shape: Shape = "fast"): TaskPlan {
  return { atMs: 0, replica: 0, type: "ml", express: false, shape, size: 1, chosenId: false, twice: false };
}

function ran(event: ExecutionEvent["event"], attempt = 1, task = 0): ExecutionEvent {
  return { event, run: "run1", task, taskId: ID, attempt, pid: 1, atMs: 0 };
}

const COMPLETED: TaskEvidence = {
  taskId: ID,
  last: [
    { status: "completed", result: { task: 0 } },
    { status: "completed", result: { task: 0 } },
  ],
  answers: [],
  disowned: false,
  acceptedTwice: false,
};
const ERROR = { reason: "internal", code: "Error", message: "as always" };
const FAILED: TaskEvidence = { ...COMPLETED, last: [{ status: "failed", error: ERROR }] };
const QUEUE: QueueSight = { stream: "mcp:queue:ml", depth: 0, pending: 0, delayed: 0, unaccounted: 0 };
const REPLICA: ReplicaSight = {
  ready: true,
  detail: "",
  inactiveTypes: [],
  queues: [QUEUE],
  unaccountedMetric: 0,
  unexpectedEnds: [],
};

function evidence(change: Partial<Evidence> = {}, faults: readonly Fault[] = [], shape?: Shape): Evidence {
  return {
    schedule: { seed: 1, topology: "single", named: true, tasks: [plan(shape)], faults },
    tasks: [COMPLETED],
    executions: [ran("start"), ran("ok")],
    deadLetters: [],
    replicas: [REPLICA, REPLICA],
    failedProbes: [],
    drainedAfterMs: 1_000,
    boundMs: 30_000,
    ...change,
  };
}

function kinds(...args: Parameters<typeof evidence>): string[] {
  return judge(evidence(...args), LIMITS).map(({ kind }) => kind);
}

test("a correct run violates no property", () => {
  expect(judge(evidence(), LIMITS)).toEqual([]);
  expect(kinds({ tasks: [FAILED], deadLetters: [ID], executions: [ran("start"), ran("threw")] }, [], "fails")).toEqual(
    [],
  );
});

test("a result may be dropped only if Redis was full", () => {
  const tasks: TaskEvidence[] = [{ ...COMPLETED, last: [{ status: "completed", resultDropped: true }] }];
  expect(kinds({ tasks }, [{ kind: "outOfMemory", atMs: 1, forMs: 1 }])).toEqual([]);
  expect(kinds({ tasks })).toEqual(["wrongResult"]);
});

test("nothing is promised about a task that was not accepted", () => {
  expect(kinds({ tasks: [{ last: [], answers: [], disowned: false, acceptedTwice: false }], executions: [] })).toEqual(
    [],
  );
});

describe("a task that was accepted", () => {
  test.for<[string, Partial<Evidence>, Shape?]>([
    ["lost", { tasks: [{ ...COMPLETED, disowned: true }] }],
    ["lost", { tasks: [{ ...COMPLETED, last: ["unknown"] }] }],
    ["unfinished", { tasks: [{ ...COMPLETED, last: [undefined, undefined] }] }],
    ["unfinished", { tasks: [{ ...COMPLETED, last: [{ status: "running" }] }] }],
    ["changed", { tasks: [{ ...COMPLETED, firstEnd: { status: "failed", atMs: 0 } }] }],
    [
      "changed",
      { tasks: [{ ...COMPLETED, firstEnd: { status: "completed", result: { task: 0, again: 1 }, atMs: 0 } }] },
    ],
    ["wronglyFailed", { tasks: [FAILED], deadLetters: [ID] }],
    ["wronglyCompleted", {}, "fails"],
    ["wrongResult", { tasks: [{ ...COMPLETED, last: [{ status: "completed", result: { task: 1 } }] }] }],
    ["wrongResult", { tasks: [{ ...COMPLETED, last: [{ status: "completed", result: null }] }] }],
    ["forged", { executions: [ran("start"), ran("threw")] }],
    ["endedTwice", { deadLetters: [ID] }],
    ["endedTwice", { tasks: [FAILED], deadLetters: [ID, ID] }, "fails"],
    ["endedTwice", { tasks: [FAILED], deadLetters: [] }, "fails"],
    ["acceptedTwice", { tasks: [{ ...COMPLETED, acceptedTwice: true }] }],
  ])("is %s", ([kind, change, shape]) => {
    expect(kinds(change, [], shape)).toEqual([kind]);
  });
});

describe("the system at rest", () => {
  test.for<[string, Partial<Evidence>]>([
    ["unaccounted", { replicas: [REPLICA, { ...REPLICA, queues: [{ ...QUEUE, unaccounted: -1 }] }] }],
    ["unaccounted", { replicas: [{ ...REPLICA, unaccountedMetric: 1 }] }],
    ["unaccounted", { replicas: [{ ...REPLICA, unaccountedMetric: undefined }] }],
    ["notDrained", { replicas: [{ ...REPLICA, queues: [{ ...QUEUE, pending: 1 }] }] }],
    ["notReady", { drainedAfterMs: undefined, replicas: [{ ...REPLICA, ready: false }] }],
    ["notReady", { drainedAfterMs: undefined, replicas: [{ ...REPLICA, inactiveTypes: ["ml"] }] }],
    ["notServing", { failedProbes: ["probe-0-ml-1 was not accepted"] }],
    ["notServing", { replicas: [{ ...REPLICA, queues: undefined }] }],
    ["processEnded", { replicas: [{ ...REPLICA, unexpectedEnds: ["ended with 1"] }] }],
  ])("is %s", ([kind, change]) => {
    expect(kinds(change)).toEqual([kind]);
  });
});

describe("a second execution of an attempt", () => {
  const twice = [ran("start"), ran("start"), ran("ok")];

  test("is a violation unless a fault explains it", () => {
    expect(kinds({ executions: twice })).toEqual(["repeated"]);
    expect(kinds({ executions: twice }, [{ kind: "flushScripts", atMs: 1 }])).toEqual(["repeated"]);
  });

  test("is allowed if its worker was killed, up to the number of tasks that the worker ran", () => {
    const kill: Fault = { kind: "killWorker", replica: 0, type: "ml", atMs: 1 };
    expect(kinds({ executions: twice }, [kill])).toEqual([]);
    expect(kinds({ executions: [...twice, ran("start"), ran("start"), ran("start"), ran("start")] }, [kill])).toEqual([
      "repeated",
    ]);
  });

  test("does not exist if an open circuit breaker deferred the first, or it is another attempt", () => {
    expect(kinds({ executions: [ran("start"), ran("held"), ran("start"), ran("ok")] })).toEqual([]);
    expect(kinds({ executions: [ran("start"), ran("threw"), ran("start", 2), ran("ok", 2)] })).toEqual([]);
  });

  test("is explained by tasks that take their worker down", () => {
    expect(allowedRepeats([], [{ shape: "hog" }], LIMITS)).toBeGreaterThan(0);
    expect(allowedRepeats([], [{ shape: "fails" }], LIMITS)).toBe(0);
  });
});
