import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { payloadBatches } from "../harness/payload.ts";
import { interleave } from "../harness/rounds.ts";
import { scrape } from "../harness/scrape.ts";
import { startService } from "../harness/service.ts";
import { type Percentiles, percentiles, summarize } from "../harness/stats.ts";
import { PEERS } from "../peers/index.ts";
import { ours } from "../peers/ours.ts";
import type { Peer } from "../peers/peer.ts";
import { type Context, comparePeers, type Outcome, type Scenario } from "./scenario.ts";

const WEIGHED = 100_000;
const BACKLOG = 1_000_000;
const FEW = 10;
const SCRAPES = 200;
const LIMIT_MS = 300_000;

/** The result of one drain; latencies in ms. */
type Drain = { readonly scrape: Percentiles; readonly health: Percentiles; readonly tasksPerSecond: number };

export const backlog: Scenario = {
  name: "backlog",
  about: "Redis bytes per queued task; the whole service drains a backlog of 1,000,000; /metrics meanwhile",

  async run(context): Promise<Outcome> {
    const bytes: Record<string, number[]> = {};
    for (const peer of PEERS) {
      context.progress(`bytes per queued task: ${peer.name}`);
      bytes[peer.name] = [await bytesPerTask(context, peer, context.quick ? 5_000 : WEIGHED)];
    }
    const sizes = { few: FEW, many: context.quick ? 20_000 : BACKLOG };
    const { few, many } = await interleave(context.rounds, ["few", "many"], (size) =>
      scrapeWhile(context, sizes[size]),
    );
    const row = (label: string, unit: string, rounds: readonly Drain[], figure: (drain: Drain) => number) => ({
      label,
      unit,
      values: { ours: rounds.map(figure) },
      ratios: [],
    });
    return {
      section: {
        title: "Backlog",
        rows: [
          comparePeers("queued task of 200 bytes", "Redis bytes", bytes),
          row("whole service, 6 workers, drain of the backlog", "tasks/s", many, (drain) => drain.tasksPerSecond),
          row("/metrics p50, backlog at its height, draining", "ms", many, ({ scrape }) => scrape.p50),
          row("/metrics p99, backlog at its height, draining", "ms", many, ({ scrape }) => scrape.p99),
          row("/healthz p99 meanwhile", "ms", many, ({ health }) => health.p99),
          row("/metrics p99, 10 tasks", "ms", few, ({ scrape }) => scrape.p99),
        ],
        notes: [
          "All queued tasks have the same type, so two of the six workers drain them.",
          "/healthz uses no dependency and takes 0.1 ms of CPU time. The rest of its time is waiting for a core.",
        ],
      },
      targets: {
        bytes: (bytes.ours?.[0] ?? Number.NaN) / (bytes.bullmq?.[0] ?? Number.NaN),
        scrape: summarize(many.map(({ scrape }) => scrape.p99)).median,
      },
    };
  },
};

async function bytesPerTask(context: Context, peer: Peer, count: number): Promise<number> {
  const { client, url } = context.server;
  await client.flushall();
  await using producer = await peer.open(url);
  await producer.enqueue([...payloadBatches(1, 1)].flat());
  const before = await usedMemory(context);
  for (const batch of payloadBatches(count, 1_000)) await producer.enqueue(batch);
  return ((await usedMemory(context)) - before) / count;
}

/** Memory of the data, without connections and their buffers. */
async function usedMemory({ server }: Context): Promise<number> {
  return Number(/used_memory_dataset:(\d+)/.exec(await server.client.info("memory"))?.[1]);
}

async function scrapeWhile(context: Context, count: number): Promise<Drain> {
  const { client, url } = context.server;
  await client.flushall();
  {
    await using producer = await ours.open(url);
    for (const batch of payloadBatches(count, 1_000)) await producer.enqueue(batch);
  }
  context.progress(`/metrics while ${count} tasks are drained`);
  const startedAtMs = performance.now();
  await using service = await startService(url, 2);
  const { metricsMs, healthMs } = await scrape(service.url, context.quick ? 5 : SCRAPES);
  await eventually(
    async () => (await ours.unfinished(client)).count,
    (left) => left === 0,
    LIMIT_MS,
  );
  const elapsedMs = performance.now() - startedAtMs;
  return { scrape: percentiles(metricsMs), health: percentiles(healthMs), tasksPerSecond: (count / elapsedMs) * 1000 };
}
