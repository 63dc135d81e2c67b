import { expect, it } from "vitest";
import { commandCalls } from "../../bench/harness/commands.ts";
import { type Payload, payloadBatches } from "../../bench/harness/payload.ts";
import { ours } from "../../bench/peers/ours.ts";
import { drainOnce } from "../../bench/scenarios/process.ts";
import { startRedis } from "../support/redisServer.ts";

/** Budgets count the commands that Redis executes, including those in scripts. They do not depend on the machine. */
const ENQUEUE_BUDGET = 1.02;
const PROCESS_BUDGET = 0.3;

it("a batch needs one XADD per task and hardly any other command", async () => {
  await using server = await startRedis();
  await using producer = await ours.open(server.url);
  const [warmUp, measured] = [...payloadBatches(2_000, 1_000)] as [Payload[], Payload[]];
  await producer.enqueue(warmUp);
  const before = await commandCalls(server.client);
  await producer.enqueue(measured);
  expect(((await commandCalls(server.client)) - before) / measured.length).toBeLessThan(ENQUEUE_BUDGET);
});

it("tasks are read, recorded, acknowledged and deleted in batches", async () => {
  await using server = await startRedis();
  const context = { server, rounds: 1, tasks: 5_000, quick: true, progress: () => undefined };
  const drain = await drainOnce(context, ours, { processes: 1, concurrency: 100, keepResults: true });
  expect(drain.commandsPerTask).toBeLessThan(PROCESS_BUDGET);
});
