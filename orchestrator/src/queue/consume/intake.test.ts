import { expect, it } from "vitest";
import { createKeys } from "../../keys.ts";
import { createLog } from "../../log.ts";
import { noTelemetry } from "../../metrics/telemetry.ts";
import { RobustRedisACKHandler } from "../complete/ackHandler.ts";
import { EntryTable } from "../entryTable.ts";
import type { Claimed } from "../recover/recovery.ts";
import { Executor } from "./executor.ts";
import { Intake } from "./intake.ts";
import type { RunnerSettings } from "./runnerSettings.ts";
import { SlotPool } from "./slotPool.ts";
import { type Probe, Suspension } from "./suspension.ts";

const OPEN = { subject: "chat", retryAfterMs: 50 };
const ID = "1-0";

/** An intake with its real neighbours. Nothing is acknowledged while a test runs. */
function setUp() {
  let now = 5_000;
  const clock = { wallMs: () => 1_700_000_000_000, monotonicMs: () => now };
  const started: unknown[] = [];
  const queue = createKeys("mcp").queue("ml", "regular");
  const idPrefix = "ml.regular.";
  const counters = noTelemetry.lane("ml", "regular");
  const log = createLog("fatal", { write: () => undefined });
  const random = () => 0.5;
  const table = new EntryTable(100, 1e6);
  const suspension = new Suspension(clock.monotonicMs);
  const acks = new RobustRedisACKHandler({
    ...{ table, counters, random, log, backoffMs: 10, maxBacklog: 100 },
    complete: () => new Promise(() => undefined),
    onDelayed: () => undefined,
    onGroupMissing: async () => undefined,
  });
  const executor = new Executor({
    ...{ queue, consumer: "regular_ml_0", idPrefix, counters, clock, random, log },
    handler: { type: "ml", run: async (payload) => void started.push(payload) },
    settings: { taskTimeoutMs: 300, maxResultBytes: 100, resultTtlSeconds: 60 } as RunnerSettings,
    onOutcome: () => undefined,
    onCircuitOpen: () => undefined,
  });
  const intake = new Intake({ queue, idPrefix, deathLimit: 5, table, executor, acks, suspension, log });
  const slots = new SlotPool(8).claim("regular", 4);
  const fields = ["payload", "1"].map((text) => Buffer.from(text));
  /** Lets the table find an entry of an earlier delivery and claim it. */
  const takeClaimed = (probe?: Probe, claimed: Partial<Claimed> = {}) => {
    table.comparePending([{ id: ID, deaths: 0 }], () => true);
    table.takeWaiting(1);
    intake.takeClaimed({ raw: [ID, fields], deaths: 0, record: "", ...claimed }, slots, probe);
  };
  const outcome = () => {
    const state = table.stateOf(ID);
    return state?.kind === "finished" ? state.outcome : undefined;
  };
  const pass = (ms: number) => {
    now += ms;
  };
  return { started, state: () => table.stateOf(ID)?.kind, outcome, suspension, takeClaimed, pass };
}

it("starts a claimed entry as the probe of an open breaker, and defers it without one", () => {
  const { started, state, suspension, takeClaimed } = setUp();
  suspension.circuitOpened(OPEN);
  takeClaimed(undefined);
  expect([state(), started]).toEqual(["deferred", []]);
  const other = setUp();
  other.suspension.circuitOpened(OPEN);
  other.pass(OPEN.retryAfterMs);
  other.takeClaimed(other.suspension.takeProbe());
  expect([other.state(), other.started]).toEqual(["running", [1]]);
});

it("starts nothing of a type that was paused while its probe was being claimed", () => {
  const { started, state, suspension, takeClaimed, pass } = setUp();
  suspension.circuitOpened(OPEN);
  pass(OPEN.retryAfterMs);
  using probe = suspension.takeProbe();
  expect(probe).toBeDefined();
  suspension.setPaused(true);
  takeClaimed(probe);
  expect([state(), started]).toEqual(["deferred", []]);
});

it("starts a claimed entry until its workers have died as often as the limit, and then it is poison", () => {
  const healthy = setUp();
  healthy.takeClaimed(undefined, { deaths: 4 });
  expect(healthy.started).toEqual([1]);
  const poison = setUp();
  poison.takeClaimed(undefined, { deaths: 5 });
  expect(poison.started).toEqual([]);
  expect(poison.outcome()).toEqual({
    ...{ kind: "failed", entryId: ID, taskId: `ml.regular.${ID}`, reason: "poison", code: "POISON", attempts: 5 },
    message: expect.stringContaining("its worker died 5 times"),
  });
});

it("only settles a claimed entry whose task an earlier delivery finished, however often its worker died", () => {
  const { started, outcome, takeClaimed } = setUp();
  takeClaimed(undefined, { record: "c", deaths: 9 });
  expect(started).toEqual([]);
  expect(outcome()).toEqual({ kind: "settled", entryId: ID, taskId: `ml.regular.${ID}` });
});

it("fails an entry that cannot be decoded, under its own id or the generated one", () => {
  for (const [fields, taskId] of [
    [["task_id", "mine"], "mine"],
    [null, `ml.regular.${ID}`],
  ] as const) {
    const { started, outcome, takeClaimed } = setUp();
    takeClaimed(undefined, { raw: [ID, fields] });
    expect(started).toEqual([]);
    expect(outcome()).toEqual({
      ...{ kind: "failed", entryId: ID, taskId, reason: "validation", code: "PAYLOAD_INVALID", attempts: 0 },
      message: expect.stringContaining("the entry has no payload field"),
    });
  }
});
