import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { noTelemetry } from "../../metrics/telemetry.ts";
import { EntryTable } from "../entryTable.ts";
import type { Outcome } from "../outcome.ts";
import { ACK_BATCH, ACK_BATCH_BYTES, MAX_BACKLOG_BYTES, RobustRedisACKHandler } from "./ackHandler.ts";
import type { CompletionReply } from "./completion.ts";

const BACKOFF_MS = 10;
/** A timer may fire this much early. */
const TIMER_MS = 1;

/** Runs everything that does not wait for a timer. */
async function turn(): Promise<void> {
  for (let times = 0; times < 3; times++) await new Promise((resolve) => setImmediate(resolve));
}

const reply = (overrides: Partial<CompletionReply> = {}): CompletionReply => ({
  nowMs: 10_000,
  failure: "",
  resultsDropped: 0,
  missed: new Map(),
  settled: new Map(),
  ...overrides,
});
const redisError = (message: string) => Object.assign(new Error(message), { name: "ReplyError" });
const TIMEOUT = new Error("Command timed out");

const completed = (entryId: string, fields: Partial<Extract<Outcome, { kind: "completed" }>> = {}): Outcome => ({
  ...{ kind: "completed", entryId, taskId: `t-${entryId}`, originMs: 9_000, waitedMs: 500, result: "r" },
  ...{ hasRecord: false },
  ...fields,
});
const failed = (entryId: string): Outcome => ({
  ...{ kind: "failed", entryId, taskId: `t-${entryId}`, reason: "timeout", code: "X", message: "m", attempts: 1 },
});
const retried = (entryId: string, delayMs: number): Outcome =>
  ({ ...failed(entryId), kind: "retried", delayMs }) as Outcome;
const settled = (entryId: string): Outcome => ({ kind: "settled", entryId, taskId: `t-${entryId}` });

type Answer = CompletionReply | Error | Promise<CompletionReply>;

function setUp(answers: readonly Answer[], maxBacklog = 1_000, backoffMs = BACKOFF_MS) {
  const batches: string[][] = [];
  const atMs: number[] = [];
  const counted: string[] = [];
  const delays: number[] = [];
  let groups = 0;
  const left = [...answers];
  const note =
    (name: string) =>
    (...values: unknown[]) =>
      void counted.push(`${name} ${values.join(" ")}`);
  const table = new EntryTable(10_000, 1e9);
  const handler = new RobustRedisACKHandler({
    complete: async (batch) => {
      batches.push(batch.map(({ entryId }) => entryId));
      atMs.push(performance.now());
      const answer = (left.length > 1 ? left.shift() : left[0]) ?? reply();
      if (answer instanceof Error) throw answer;
      return await answer;
    },
    table,
    counters: {
      ...noTelemetry.lane("ml", "express"),
      completed: note("completed"),
      failed: note("failed"),
      latency: note("latency"),
      wait: note("wait"),
      ackAttempts: note("attempts"),
      ackFailures: note("given up"),
      lateFinishes: note("late"),
    },
    backoffMs,
    maxBacklog,
    random: () => 0.5,
    log: pino({ level: "silent" }),
    onDelayed: (delayMs) => delays.push(delayMs),
    onGroupMissing: async () => {
      groups++;
    },
  });
  const add = (...outcomes: Outcome[]) => {
    for (const outcome of outcomes) {
      table.delivered(outcome.entryId);
      handler.add(outcome);
    }
  };
  /** Resolves when each message is acknowledged or has failed for good. */
  const pass = () => handler.whenDrained(true);
  return { handler, table, add, pass, batches, atMs, counted, delays, groups: () => groups };
}

describe("a message that is acknowledged at the first attempt", () => {
  it("is counted once, with times in seconds from the clock of Redis", async () => {
    const { add, pass, batches, counted, handler, table } = setUp([reply()]);
    add(completed("1-0"), completed("2-0", { originMs: 9_750, waitedMs: 0 }));
    expect(handler.backlog).toBe(2);
    await pass();
    expect(batches).toEqual([["1-0", "2-0"]]);
    expect(counted).toEqual(["latency 1", "wait 1.5", "latency 0.25", "wait 0.25", "completed 2", "attempts 2 0"]);
    expect(handler.backlog).toBe(0);
    expect(table.size).toBe(0);
  });

  it("never has a negative latency", async () => {
    const { add, pass, counted } = setUp([reply()]);
    add(completed("1-0", { originMs: 11_000, waitedMs: 250 }));
    await pass();
    expect(counted).toEqual(["latency 0", "wait 0.25", "completed 1", "attempts 1 0"]);
  });

  it("is counted as dead letter, retry or end of an earlier delivery", async () => {
    const before = new Map([
      ["3-0", { state: "f", reason: "poison" }],
      ["4-0", { state: "c" }],
    ] as const);
    const { add, pass, counted, delays } = setUp([reply({ settled: before })]);
    add(failed("1-0"), retried("2-0", 77), settled("3-0"), settled("4-0"), settled("5-0"));
    await pass();
    expect(counted).toEqual(["failed timeout 1", "failed poison 1", "attempts 5 0"]);
    expect(delays).toEqual([77]);
  });

  it("counts only as late if the entry has another owner or is not pending", async () => {
    const missed = new Map([
      ["1-0", "other"],
      ["2-0", "gone"],
      ["4-0", "gone"],
    ] as const);
    const { add, pass, counted, delays, table } = setUp([reply({ missed })]);
    add(completed("1-0"), completed("2-0"), completed("3-0"), retried("4-0", 5));
    await pass();
    expect(counted).toEqual(["latency 1", "wait 1.5", "completed 1", "late 3", "attempts 1 0"]);
    expect(delays).toEqual([]);
    expect(table.size).toBe(0);
  });
});

describe("a batch", () => {
  it("contains the tasks that end in one turn, and up to its limit those that end during another batch", async () => {
    const first = Promise.withResolvers<CompletionReply>();
    const { add, pass, batches, handler } = setUp([first.promise, reply()]);
    add(completed("0-1"));
    await turn();
    add(...Array.from({ length: ACK_BATCH + 1 }, (_, at) => completed(`${at + 1}-0`)));
    await turn();
    expect(batches).toEqual([["0-1"]]);
    first.resolve(reply());
    await pass();
    expect(batches.map(({ length }) => length)).toEqual([1, ACK_BATCH, 1]);
    expect(batches.flat()).toEqual(["0-1", ...Array.from({ length: ACK_BATCH + 1 }, (_, at) => `${at + 1}-0`)]);
    expect(handler.backlog).toBe(0);
  });

  it("is bounded in bytes, except for a single message of any size", async () => {
    const { add, pass, batches } = setUp([reply()]);
    const half = "x".repeat(ACK_BATCH_BYTES / 2);
    const huge = "x".repeat(2 * ACK_BATCH_BYTES);
    add(completed("1-0", { result: huge }), completed("2-0", { result: half }), completed("3-0", { result: "" }));
    add(completed("4-0", { result: half }), completed("5-0"));
    await pass();
    expect(batches).toEqual([["1-0"], ["2-0", "3-0"], ["4-0", "5-0"]]);
  });
});

describe("a batch that fails", () => {
  it("is retried with growing pauses, three attempts in all; an entry gone after a lost reply is a success", async () => {
    const gone = new Map([["1-0", "gone"]] as const);
    const { add, pass, batches, atMs, counted } = setUp([TIMEOUT, TIMEOUT, reply({ missed: gone })]);
    add(completed("1-0"));
    await pass();
    expect(batches).toEqual([["1-0"], ["1-0"], ["1-0"]]);
    // A pause is half of the backoff, which doubles, plus a random part of the other half: here, half of it.
    const [first = 0, second = 0, third = 0] = atMs;
    expect(second - first).toBeGreaterThanOrEqual(BACKOFF_MS * 0.75 - TIMER_MS);
    expect(third - second).toBeGreaterThanOrEqual(2 * BACKOFF_MS * 0.75 - TIMER_MS);
    expect(counted).toEqual(["attempts 0 1", "attempts 0 1", "latency 1", "wait 1.5", "completed 1", "attempts 1 0"]);
  });

  it("is late if another consumer claimed the entry, also after a lost reply", async () => {
    const { add, pass, counted } = setUp([TIMEOUT, reply({ missed: new Map([["1-0", "other"]]) })]);
    add(completed("1-0"));
    await pass();
    expect(counted).toEqual(["attempts 0 1", "late 1", "attempts 0 0"]);
  });

  it("with an error reply is late if its entry is gone: the first attempt did nothing", async () => {
    const { add, pass, counted } = setUp([redisError("NOPERM no"), reply({ missed: new Map([["1-0", "gone"]]) })]);
    add(completed("1-0"));
    await pass();
    expect(counted).toEqual(["attempts 0 1", "late 1", "attempts 0 0"]);
  });

  it("stays ambiguous after a lost reply, although error replies follow", async () => {
    const gone = new Map([["1-0", "gone"]] as const);
    const { add, pass, counted } = setUp([TIMEOUT, redisError("BUSY"), reply({ missed: gone })]);
    add(failed("1-0"));
    await pass();
    expect(counted).toEqual(["attempts 0 1", "attempts 0 1", "failed timeout 1", "attempts 1 0"]);
  });

  it("in all attempts is counted and kept, and acknowledged later without being counted twice", async () => {
    const denied = reply({ failure: "NOPERM no xack" });
    const { add, pass, batches, counted, handler, table } = setUp([denied, denied, denied, reply()]);
    add(completed("1-0"), failed("2-0"));
    await pass();
    expect(counted).toEqual([
      ...["completed 1", "latency 1", "wait 1.5"],
      ...["attempts 0 2", "attempts 0 2", "attempts 0 2", "given up 2"],
    ]);
    expect(handler.backlog).toBe(0);
    expect(table.stateOf("1-0")?.kind).toBe("unacknowledged");
    counted.length = 0;
    handler.retryUnacknowledged();
    expect(handler.backlog).toBe(2);
    await pass();
    expect(batches).toHaveLength(4);
    expect(counted).toEqual(["failed timeout 1", "attempts 2 0"]);
    expect(table.size).toBe(0);
  });

  it("in all attempts, after lost replies, still counts as a success if the entry is gone", async () => {
    const { add, pass, counted, handler, table } = setUp([
      ...[TIMEOUT, TIMEOUT, TIMEOUT],
      reply({ missed: new Map([["1-0", "gone"]]) }),
    ]);
    add(completed("1-0"));
    await pass();
    expect(table.stateOf("1-0")?.kind).toBe("unacknowledged");
    handler.retryUnacknowledged();
    await pass();
    expect(counted.slice(-5)).toEqual(["given up 1", "latency 1", "wait 1.5", "completed 1", "attempts 1 0"]);
    expect(table.size).toBe(0);
  });

  it("does not count a result as stored if another consumer owns its entry", async () => {
    const denied = reply({ failure: "NOPERM no xack", missed: new Map([["1-0", "other"]]) });
    const { add, pass, counted } = setUp([denied, reply({ missed: new Map([["1-0", "other"]]) })]);
    add(completed("1-0"), completed("2-0"));
    await pass();
    expect(counted).toEqual(["completed 1", "latency 1", "wait 1.5", "attempts 0 2", "late 1", "attempts 1 0"]);
  });

  it("is split if one message may cause the error, so that the others get through", async () => {
    const bad = redisError("ERR Error running script");
    const { add, pass, batches, counted, table } = setUp([bad, reply(), bad, reply(), bad]);
    add(completed("1-0"), completed("2-0"), completed("3-0"));
    await pass();
    expect(batches).toEqual([["1-0", "2-0", "3-0"], ["1-0"], ["2-0"], ["3-0"], ["2-0"]]);
    expect(counted.filter((line) => line === "completed 1")).toHaveLength(2);
    expect(counted.at(-1)).toBe("given up 1");
    expect(table.stateOf("2-0")?.kind).toBe("unacknowledged");
    expect(table.size).toBe(1);
  });

  it("creates the group before the next attempt only if it is missing", async () => {
    const missing = redisError("NOGROUP No such key");
    const { add, pass, groups, counted } = setUp([missing, reply()]);
    add(completed("1-0"));
    await pass();
    expect(groups()).toBe(1);
    expect(counted.at(-1)).toBe("attempts 1 0");
    const other = setUp([redisError("NOPERM no"), reply()]);
    other.add(completed("1-0"));
    await other.pass();
    expect(other.groups()).toBe(0);
  });

  it("does not delay the next batch", async () => {
    const { add, batches, counted, pass } = setUp([TIMEOUT, reply()], 1_000, 1_000);
    add(completed("1-0"));
    await turn();
    add(completed("2-0"));
    await turn();
    expect(batches).toEqual([["1-0"], ["2-0"]]);
    expect(counted).toContain("completed 1");
    await pass();
    expect(batches).toEqual([["1-0"], ["2-0"], ["1-0"]]);
  });
});

describe("the backlog", () => {
  it("is full at its limit of messages, and wakes its waiters when it no longer is", async () => {
    const answers = [Promise.withResolvers<CompletionReply>(), Promise.withResolvers<CompletionReply>()];
    const { add, handler } = setUp([...answers.map(({ promise }) => promise)], 3);
    const woken: string[] = [];
    add(completed("1-0"), completed("2-0"));
    expect(handler.full).toBe(false);
    await handler.whenDrained(false);
    await turn();
    add(completed("3-0"));
    expect(handler.full).toBe(true);
    void handler.whenDrained(false).then(() => woken.push("room"));
    void handler.whenDrained(true).then(() => woken.push("empty"));
    await turn();
    expect(woken).toEqual([]);
    answers[0]?.resolve(reply());
    await turn();
    expect(woken).toEqual(["room"]);
    answers[1]?.resolve(reply());
    await turn();
    expect(woken).toEqual(["room", "empty"]);
    await handler.whenDrained(true);
  });

  it("is full at its limit of bytes until they are acknowledged", async () => {
    const { add, handler, pass } = setUp([reply()]);
    add(completed("1-0", { result: "x".repeat(MAX_BACKLOG_BYTES - 1_000) }));
    expect(handler.full).toBe(false);
    add(completed("2-0", { result: "x".repeat(2_000) }));
    expect(handler.full).toBe(true);
    await pass();
    expect(handler.full).toBe(false);
    add(completed("3-0"));
    expect(handler.full).toBe(false);
  });
});
