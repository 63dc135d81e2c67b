import { pino } from "pino";
import { expect, test } from "vitest";
import type { WorkerStatus } from "../supervisor/workerStatus.ts";
import { Readiness } from "./readiness.ts";

function readiness() {
  const state = {
    nowMs: 0,
    redis: true,
    active: new Set<string>(),
    unserved: async (): Promise<{ type: string; tasks: number }[]> => [],
  };
  const types = ["ml", "codegen"];
  const subject = new Readiness({
    selfCheck: async () => [{ name: "redis", ok: state.redis, detail: state.redis ? "answers" : "refused" }],
    unserved: () => state.unserved(),
    workers: {
      status: () => types.map((type) => ({ type, active: state.active.has(type) }) as WorkerStatus),
      wanted: () => 1,
    },
    types,
    startTimeoutMs: 1_000,
    monotonicMs: () => state.nowMs,
    log: pino({ level: "silent" }),
  });
  return { state, subject };
}

test("a starting replica is not ready until each of its types has a consuming worker", async () => {
  const { state, subject } = readiness();
  expect(await subject.check()).toMatchObject({ ready: false });
  state.active.add("ml");
  const { ready, checks } = await subject.check();
  expect(ready).toBe(false);
  expect(checks.find(({ name }) => name === "workers")).toEqual({
    name: "workers",
    ok: false,
    detail: "no consuming worker for codegen",
  });
  state.active.add("codegen");
  expect(await subject.check()).toMatchObject({ ready: true });
});

test("a type that cannot start delays the replica only for the start timeout", async () => {
  const { state, subject } = readiness();
  state.active.add("ml");
  state.nowMs = 1_000;
  expect((await subject.check()).ready).toBe(false);
  state.nowMs = 1_001;
  expect(await subject.check()).toMatchObject({ ready: true });
});

test("after the start, types without a consuming worker are reported but do not make the API unready", async () => {
  const { state, subject } = readiness();
  state.active = new Set(["ml", "codegen"]);
  await subject.check();
  state.active.clear();
  const { ready, checks } = await subject.check();
  expect(ready).toBe(true);
  expect(checks).toContainEqual({
    name: "workers",
    ok: false,
    advisory: true,
    detail: "no consuming worker for ml, codegen",
  });
});

test("a replica is not ready without Redis, or while it stops", async () => {
  const { state, subject } = readiness();
  state.active = new Set(["ml", "codegen"]);
  expect((await subject.check()).ready).toBe(true);
  state.redis = false;
  expect((await subject.check()).ready).toBe(false);
  state.redis = true;
  subject.stopping();
  const { ready, checks } = await subject.check();
  expect(ready).toBe(false);
  expect(checks).toContainEqual({ name: "shutdown", ok: false, detail: "the service is stopping" });
});

test("tasks of a type that no replica serves make the service unhealthy but not unready", async () => {
  const { state, subject } = readiness();
  state.active = new Set(["ml", "codegen"]);
  expect(await subject.check()).toMatchObject({ ready: true, healthy: true });
  state.unserved = async () => [{ type: "old", tasks: 3 }];
  const { checks, ...report } = await subject.check();
  expect(report).toEqual({ ready: true, healthy: false });
  expect(checks.find(({ name }) => name === "task types")).toEqual({
    name: "task types",
    ok: false,
    advisory: true,
    detail: "no replica serves 3 tasks of type old",
  });
  state.unserved = () => Promise.reject(new Error("WRONGTYPE"));
  expect(await subject.check()).toMatchObject({ ready: true, healthy: false });
  state.redis = false;
  expect((await subject.check()).checks.map(({ name }) => name)).not.toContain("task types");
});
