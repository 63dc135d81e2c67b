import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { describe, expect, it } from "vitest";
import { TaskLookup } from "../../src/queue/inspect/lookup.ts";
import { useRedis } from "../support/redisServer.ts";
import { countingTelemetry, createSubmission, keys, startRunner, TYPE } from "../support/worker.ts";

const { server, redis } = await useRedis();

const express = keys.queue(TYPE, "express");
const regular = keys.queue(TYPE, "regular");

describe("delivery", () => {
  it("passes each payload to its handler and returns each result to the client", async () => {
    const { telemetry, counts } = countingTelemetry();
    const submission = createSubmission(redis, { telemetry });
    const lookup = new TaskLookup(redis, keys, [TYPE]);
    const payloads = [{ text: 'q"\\\n\u0000é𝄞' }, [1, [2]], null, "plain", 1.5e300, {}];
    const receipts = await submission.submit(
      payloads.map((payload, at) => ({ type: TYPE, priority: at * 5, payloadJson: JSON.stringify(payload) })),
    );
    expect(receipts.map(({ lane }) => lane)).toEqual([
      "regular",
      "regular",
      "regular",
      "express",
      "express",
      "express",
    ]);
    const queued = await lookup.find(receipts[0]?.taskId ?? "");
    expect(queued).toMatchObject({ status: "queued", attempts: 0, type: TYPE, lane: "regular" });

    const runner = startRunner(server, async (payload) => ({ echo: payload }), {}, { telemetry });
    for (const [at, receipt] of receipts.entries()) {
      const view = await eventually(
        () => lookup.find(receipt.taskId),
        (found) => found?.status === "completed",
      );
      expect(view).toMatchObject({
        attempts: 1,
        worker: `${receipt.lane}_${TYPE}_0`,
        resultJson: JSON.stringify({ echo: payloads[at] }),
      });
    }
    await runner.drain(1_000);
    expect(await redis.xlen(express.stream)).toBe(0);
    expect(await redis.xlen(regular.stream)).toBe(0);
    expect(counts).toMatchObject({
      "express completed": 3,
      "regular completed": 3,
      "express enqueued": 3,
      "express acks error": 0,
    });
  });

  it("drains many tasks of both lanes, each exactly once", async () => {
    const submission = createSubmission(redis);
    const total = 5_000;
    const seen = new Map<unknown, number>();
    for (let from = 0; from < total; from += 1_000) {
      await submission.submit(
        Array.from({ length: 1_000 }, (_, at) => ({ type: TYPE, priority: at % 20, payloadJson: String(from + at) })),
      );
    }
    const runner = startRunner(server, async (payload) => {
      seen.set(payload, (seen.get(payload) ?? 0) + 1);
      return payload;
    });
    await eventually(
      async () => [await redis.xlen(express.stream), await redis.xlen(regular.stream)],
      ([a, b]) => a === 0 && b === 0,
    );
    await runner.drain(1_000);
    expect(seen.size).toBe(total);
    expect([...seen.values()].every((times) => times === 1)).toBe(true);
    expect(await redis.hgetall(keys.ledger(TYPE))).toEqual({
      "express:completed": "2000",
      "regular:completed": "3000",
    });
  });
});
