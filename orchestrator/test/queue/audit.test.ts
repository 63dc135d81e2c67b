import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import fc from "fast-check";
import { expect, it } from "vitest";
import { AccountingChangedError, NotFoundError } from "../../src/errors.ts";
import { TaskAccounting } from "../../src/queue/inspect/accounting.ts";
import { DeadLetters } from "../../src/queue/inspect/deadLetters.ts";
import { readSnapshot } from "../../src/queue/inspect/snapshot.ts";
import { Promoter } from "../../src/queue/recover/promoter.ts";
import { useRedis } from "../support/redisServer.ts";
import { createSubmission, keys, startRunner, TYPE } from "../support/worker.ts";

const { server, redis } = await useRedis();

const { stream, group } = keys.queue(TYPE, "regular");
const unaccounted = async () =>
  (await readSnapshot(redis, keys, [TYPE], 0)).queues.map(({ unaccounted }) => unaccounted);

/** An event on a queue. The payload of a task is the number of failures before it completes. */
const step = fc.oneof(
  fc.record({ do: fc.constant("submit" as const), failures: fc.nat(3), count: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ do: fc.constant("delay" as const), delayMs: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ do: fc.constant("addByHand" as const), payload: fc.constantFrom("0", "{", "1") }),
  fc.record({ do: fc.constant("destroyGroup" as const) }),
  fc.record({ do: fc.constant("deleteConsumer" as const) }),
  fc.record({ do: fc.constant("claimAway" as const) }),
  fc.record({ do: fc.constant("killConnections" as const) }),
  fc.record({ do: fc.constant("retryDead" as const) }),
  fc.record({ do: fc.constant("restart" as const) }),
);

it("task accounting matches at all times, for any sequence of events", async () => {
  const submission = createSubmission(redis);
  const promoter = new Promoter(redis, keys, [TYPE]);
  const deadLetters = new DeadLetters(redis, keys, [TYPE]);
  const start = () =>
    startRunner(
      server,
      async (payload, { attempt }) => {
        if (attempt <= Number(payload)) throw new Error("as planned");
      },
      { orphanMinIdleMs: 50, orphanRecoveryIntervalMs: 20, retryBaseMs: 1, retryCapMs: 5, deathLimit: 1_000 },
    );

  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      await server.client.flushall();
      let runner = start();
      try {
        for (const one of steps) {
          switch (one.do) {
            case "submit": {
              const task = { type: TYPE, priority: 1, payloadJson: String(one.failures) };
              await submission.submit(Array.from({ length: one.count }, () => task));
              break;
            }
            case "delay":
              await submission.submit([{ type: TYPE, priority: 20, payloadJson: "0", delayMs: one.delayMs }]);
              break;
            case "addByHand":
              await server.client.xadd(stream, "*", "task_id", "by-hand", "payload", one.payload);
              break;
            case "destroyGroup":
              await server.client.xgroup("DESTROY", stream, group).catch(() => 0);
              break;
            case "deleteConsumer":
              await server.client.xgroup("DELCONSUMER", stream, group, `regular_${TYPE}_0`).catch(() => 0);
              break;
            case "claimAway":
              await server.client.xautoclaim(stream, group, "regular_thief", 0, "0-0", "JUSTID").catch(() => 0);
              break;
            case "killConnections":
              await server.client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
              await eventually(
                () => redis.ping().catch(() => ""),
                (answer) => answer === "PONG",
              );
              break;
            case "retryDead":
              await deadLetters.retryWhere({});
              break;
            case "restart":
              await runner.drain(0);
              runner = start();
              break;
          }
          expect(await unaccounted()).toEqual([0, 0]);
          await promoter.runOnce();
          expect(await unaccounted()).toEqual([0, 0]);
        }
        await eventually(
          async () => {
            await promoter.runOnce();
            const { queues } = await readSnapshot(redis, keys, [TYPE], 0);
            return queues.map(({ depth, delayed, unaccounted }) => [depth, delayed, unaccounted]);
          },
          (rows) => rows.flat().every((value) => value === 0),
          20_000,
        );
      } finally {
        await runner.drain(0);
      }
    }),
    { numRuns: 12, endOnFailure: true },
  );
});

it("task accounting shows a task that was deleted by hand", async () => {
  await server.client.flushall();
  const submission = createSubmission(redis);
  await submission.submit(Array.from({ length: 3 }, () => ({ type: TYPE, priority: 1, payloadJson: "1" })));
  await server.client.xtrim(stream, "MAXLEN", 1);
  expect(await unaccounted()).toEqual([0, 2]);
});

it("lost tasks are written off once, although several callers try, and only if their number is right", async () => {
  await server.client.flushall();
  const submission = createSubmission(redis);
  await submission.submit(Array.from({ length: 3 }, () => ({ type: TYPE, priority: 1, payloadJson: "1" })));
  await server.client.xtrim(stream, "MAXLEN", 1);
  const ledger = new TaskAccounting(redis, keys, () => readSnapshot(redis, keys, [TYPE], 0));
  await expect(ledger.writeOff(TYPE, "regular", 1)).rejects.toThrow(AccountingChangedError);
  await expect(ledger.writeOff(TYPE, "express", 2)).rejects.toThrow(AccountingChangedError);
  await expect(ledger.writeOff("other", "regular", 2)).rejects.toThrow(NotFoundError);
  expect(await unaccounted()).toEqual([0, 2]);
  const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => ledger.writeOff(TYPE, "regular", 2)));
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(await unaccounted()).toEqual([0, 0]);
  // A restored backup brings them back, so they are counted twice, which is written off too.
  await ledger.writeOff(TYPE, "regular", 0);
  await server.client.hincrby(keys.ledger(TYPE), "regular:completed", 2);
  await ledger.writeOff(TYPE, "regular", -2);
  expect(await unaccounted()).toEqual([0, 0]);
});
