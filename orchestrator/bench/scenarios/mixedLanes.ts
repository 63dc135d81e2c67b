import type { ChildProcess } from "node:child_process";
import { once as onceEvent } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { createKeys } from "../../src/keys.ts";
import { paced } from "../harness/paced.ts";
import { payloadBatches } from "../harness/payload.ts";
import { start, stop } from "../harness/processes.ts";
import { interleave } from "../harness/rounds.ts";
import { type Percentiles, ratioOf } from "../harness/stats.ts";
import { KEY_PREFIX, openExpress, openOurs, startOurs } from "../peers/ours.ts";
import { QUEUE } from "../peers/peer.ts";
import { type Context, columns, type Outcome, type Row, type Scenario } from "./scenario.ts";

const RATE = 100;
const SECONDS = 5;
const REGULAR = 100_000;
const QUICK_REGULAR = 5_000;
const CONCURRENCY = 100;
/** Duration of a regular task that waits for an upstream, so that slots are the bottleneck. */
const HOLD_MS = 50;
const SETTLE_MS = 1_500;

const keys = createKeys(KEY_PREFIX);

export const mixedLanes: Scenario = {
  name: "lanes",
  about: "express latency alone and while the regular queue holds 100,000 tasks",

  async run(context): Promise<Outcome> {
    const slots = await compare(context, HOLD_MS, "slots short");
    const cpu = await compare(context, 0, "CPU short");
    const rows = [
      ...rowsOf(`regular handlers wait ${HOLD_MS} ms`, slots),
      ...rowsOf("no-op handlers, CPU exhausted", cpu),
    ];
    const p99 = columns(slots, (result) => result.p99);
    return {
      section: { title: "Mixed lanes under overload", rows, notes: NOTES },
      targets: { express: ratioOf(p99.loaded ?? [], p99.alone ?? []) },
    };
  },
};

const NOTES = [
  `Express tasks at a steady ${RATE}/s; one worker process with ${CONCURRENCY} slots. In the first case, regular tasks wait for an upstream and slots are the bottleneck, the purpose of lanes. In the second case they do nothing, and another process keeps the backlog constant: worker, Redis and producer compete for the cores, which lanes cannot prevent.`,
];

async function compare(context: Context, holdMs: number, label: string): Promise<Record<string, Percentiles[]>> {
  return await interleave(context.rounds, ["loaded", "alone"], (name, round) => {
    context.progress(`express latency ${name}, ${label}, round ${round + 1} of ${context.rounds}`);
    return once(context, name === "loaded", holdMs);
  });
}

async function once(context: Context, loaded: boolean, holdMs: number): Promise<Percentiles> {
  const { client, url } = context.server;
  const backlog = context.quick ? QUICK_REGULAR : REGULAR;
  await client.flushall();
  const children: ChildProcess[] = [];
  try {
    if (loaded) await fill(url, backlog, holdMs);
    children.push(...startOurs({ url, processes: 1, concurrency: CONCURRENCY, keepResults: true }, true));
    if (loaded) children.push(await startRefill(url, backlog, holdMs));
    await using producer = await openExpress(url);
    await sleep(SETTLE_MS);
    const finished = async () => Number(await client.hget(keys.ledger(QUEUE), "express:completed"));
    const run = (seconds: number) =>
      paced({ rate: RATE, tasks: RATE * seconds, send: (payload) => producer.enqueue([payload]), finished });
    await run(1);
    const result = await run(context.quick ? 1 : SECONDS);
    const left = await client.xlen(keys.queue(QUEUE, "regular").stream);
    if (loaded && left < backlog / 2) throw new Error(`the regular queue held only ${left} tasks at the end`);
    return result;
  } finally {
    await stop(children);
  }
}

async function fill(url: string, count: number, holdMs: number): Promise<void> {
  await using producer = await openOurs(url);
  for (const batch of payloadBatches(count, 1_000)) {
    await producer.enqueue(batch.map((payload) => ({ ...payload, holdMs })));
  }
}

async function startRefill(url: string, backlog: number, holdMs: number): Promise<ChildProcess> {
  const child = start(new URL("../peers/refill.ts", import.meta.url), { args: [url, String(backlog), String(holdMs)] });
  await onceEvent(child, "message");
  return child;
}

function rowsOf(label: string, results: Record<string, Percentiles[]>): Row[] {
  return (["p50", "p95", "p99"] as const).map((at) => ({
    label,
    unit: `express ${at} ms`,
    values: columns(results, (result) => result[at]),
    ratios: [["loaded", "alone"] as const],
  }));
}
