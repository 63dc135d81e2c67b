import { describe, expect, it } from "vitest";
import { createLog } from "../../log.ts";
import { noTelemetry } from "../../metrics/telemetry.ts";
import { EntryTable } from "../entryTable.ts";
import type { Outcome } from "../outcome.ts";
import { ACK_BATCH, ACK_BATCH_BYTES, MAX_BACKLOG_BYTES, RobustRedisACKHandler } from "./ackHandler.ts";
import type { CompletionReply } from "./completion.ts";

type Answer = Partial<Omit<CompletionReply, "missed">> & { missed?: readonly (readonly [string, "gone" | "other"])[] };

/** A handler whose batches this test answers, and what it reports. */
function handle(answer: (batch: readonly Outcome[], call: number) => Answer | Error) {
  const batches: string[][] = [];
  const counts = { completed: 0, latencies: 0, ok: 0, error: 0, failures: 0, late: 0, failed: 0, delayed: 0 };
  const table = new EntryTable(1_000, 1_000_000_000);
  const acks = new RobustRedisACKHandler({
    complete: async (batch) => {
      batches.push(batch.map(({ entryId }) => entryId));
      const given = answer(batch, batches.length);
      if (given instanceof Error) throw given;
      const missed = new Map(given.missed);
      return { nowMs: 5_000, failure: "", resultsDropped: 0, settled: new Map(), ...given, missed };
    },
    table,
    cells: {
      ...noTelemetry.lane("ml", "regular"),
      completed: (count) => {
        counts.completed += count;
      },
      latency: () => {
        counts.latencies++;
      },
      ackAttempts: (ok, error) => {
        counts.ok += ok;
        counts.error += error;
      },
      ackFailures: (count) => {
        counts.failures += count;
      },
      lateFinishes: (count) => {
        counts.late += count;
      },
      failed: (_reason, count) => {
        counts.failed += count;
      },
    },
    backoffMs: 1,
    maxBacklog: 1_000,
    random: () => 0,
    log: createLog("fatal", { write: () => undefined }),
    onDelayed: () => {
      counts.delayed++;
    },
    onGroupMissing: async () => undefined,
  });
  const add = (id: string, outcome: Partial<Outcome> = {}) => {
    table.delivered(id);
    acks.add({
      kind: "completed",
      entryId: id,
      taskId: id,
      originMs: 0,
      waitedMs: 0,
      result: "1 2 w 3",
      hasRecord: false,
      ...outcome,
    } as Outcome);
  };
  return { acks, table, batches, counts, add };
}

const ids = (count: number) => Array.from({ length: count }, (_, at) => `${at}-0`);
const lost = () => new Error("Connection is closed.");
const scriptError = () => Object.assign(new Error("ERR value is not a valid float"), { name: "ReplyError" });

describe("acknowledgement", () => {
  it("goes out in batches of bounded size, in order", async () => {
    const { acks, batches, add, table } = handle(() => ({}));
    for (const id of ids(2 * ACK_BATCH + 1)) add(id);
    await acks.whenDrained(true);
    expect(batches.map(({ length }) => length)).toEqual([ACK_BATCH, ACK_BATCH, 1]);
    expect(batches.flat()).toEqual(ids(2 * ACK_BATCH + 1));
    expect([acks.backlog, table.size]).toEqual([0, 0]);
  });

  it("goes out in batches of bounded bytes, and one by one where a single one has more", async () => {
    const { acks, batches, add } = handle(() => ({}));
    const result = (bytes: number) => ({ kind: "completed", result: "r".repeat(bytes) }) as const;
    for (const id of ids(4)) add(id, result(ACK_BATCH_BYTES / 2 - 1_000));
    add("big-0", result(2 * ACK_BATCH_BYTES));
    add("last-0");
    await acks.whenDrained(true);
    expect(batches.map(({ length }) => length)).toEqual([2, 2, 1, 1]);
  });

  it("is full by its bytes as well as by its messages, and drained again after", async () => {
    const { acks, add } = handle(() => ({}));
    for (const id of ids(9)) add(id, { kind: "completed", result: "r".repeat(MAX_BACKLOG_BYTES / 8) });
    expect(acks.full).toBe(true);
    await acks.whenDrained(false);
    expect(acks.full).toBe(false);
    await acks.whenDrained(true);
  });

  it("that fails for one message goes through for its neighbours, and is given up for that one", async () => {
    const bad = (batch: readonly Outcome[]) => batch.some(({ entryId }) => entryId === "3-0");
    const { acks, counts, add, table } = handle((batch) => (bad(batch) ? scriptError() : {}));
    for (const id of ids(8)) add(id);
    await acks.whenDrained(true);
    expect(table.stateOf("3-0")?.kind).toBe("unacknowledged");
    expect(table.size).toBe(1);
    expect(counts).toMatchObject({ completed: 7, ok: 7, failures: 1, error: 8 + 1 + 1 });
  });

  it("counts messages and not batches", async () => {
    const { acks, counts, add } = handle((_, call) => (call === 1 ? new Error("READONLY You can't write") : {}));
    for (const id of ids(5)) add(id);
    await acks.whenDrained(true);
    expect(counts).toMatchObject({ completed: 5, latencies: 5, ok: 5, error: 5, failures: 0 });
  });

  it("whose reply was lost is our own success where the entries are pending nowhere afterwards", async () => {
    const { acks, counts, add } = handle((_, call) =>
      call === 1 ? lost() : { missed: [["0-0", "gone"] as const, ["1-0", "other"] as const] },
    );
    for (const id of ids(2)) add(id);
    await acks.whenDrained(true);
    expect(counts).toMatchObject({ completed: 1, latencies: 1, late: 1, ok: 1, error: 2 });
  });

  it("whose reply was lost is our own success also when it was given up in between", async () => {
    const { acks, counts, add, table } = handle((_, call) =>
      call <= 3 ? lost() : { missed: [["0-0", "gone"] as const] },
    );
    add("0-0");
    await acks.whenDrained(true);
    expect(table.stateOf("0-0")?.kind).toBe("unacknowledged");
    acks.retryUnacknowledged();
    await acks.whenDrained(true);
    expect(counts).toMatchObject({ completed: 1, late: 0, failures: 1, ok: 1 });
    expect(table.size).toBe(0);
  });

  it("of an entry that is pending nowhere is late where every reply came", async () => {
    const { acks, counts, add } = handle((_, call) =>
      call === 1 ? new Error("BUSY Redis is busy") : { missed: [["0-0", "gone"] as const] },
    );
    add("0-0");
    await acks.whenDrained(true);
    expect(counts).toMatchObject({ completed: 0, late: 1, ok: 0, error: 1 });
  });

  it("that is denied counts a stored result once, however often it is tried", async () => {
    const { acks, counts, add } = handle((_, call) => (call <= 4 ? { failure: "NOPERM no" } : {}));
    add("0-0");
    await acks.whenDrained(true);
    expect(counts).toMatchObject({ completed: 1, latencies: 1, ok: 0, error: 3, failures: 1 });
    acks.retryUnacknowledged();
    await acks.whenDrained(true);
    expect(counts).toMatchObject({ completed: 1, latencies: 1, ok: 1, error: 4 });
  });

  it("announces retries and counts dead letters, also those that a former delivery left", async () => {
    const { acks, counts, add } = handle(() => ({ settled: new Map([["2-0", { state: "f", reason: "upstream" }]]) }));
    add("0-0", { kind: "retried", delayMs: 5, reason: "internal", message: "x" });
    add("1-0", { kind: "failed", reason: "internal", message: "x" });
    add("2-0", { kind: "settled" });
    await acks.whenDrained(true);
    expect(counts).toMatchObject({ delayed: 1, failed: 2, ok: 3, completed: 0 });
  });
});
