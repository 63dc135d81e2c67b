import { type Drain, watchDrain } from "../harness/drain.ts";
import { payloadBatches } from "../harness/payload.ts";
import { stop } from "../harness/processes.ts";
import { interleave } from "../harness/rounds.ts";
import { ratioOf, summarize } from "../harness/stats.ts";
import { PEERS } from "../peers/index.ts";
import type { Peer, WorkerOptions } from "../peers/peer.ts";
import { type Context, columns, comparePeers, type Outcome, type Row, type Scenario } from "./scenario.ts";

const CONCURRENCIES = [1, 100, 500] as const;
const PROCESSES = [1, 6] as const;
/** As long as the measurement: until the hot path is compiled, a task takes 50 % more time. */
const WARM_UP_SHARE = 1;
/** Fewer tasks, because one task at a time is slow in every peer. */
const SEQUENTIAL_SHARE = 0.1;
const LIMIT_MS = 180_000;

type Variant = { readonly processes: number; readonly concurrency: number; readonly keepResults: boolean };

export const processing: Scenario = {
  name: "process",
  about: "no-op handler, 1 and 6 worker processes, concurrency 1, 100 and 500, results kept for an hour or not kept",

  async run(context): Promise<Outcome> {
    const rows: Row[] = [];
    const targets: Outcome["targets"] = {};
    for (const processes of PROCESSES) {
      const kept = new Map<number, Record<string, number[]>>();
      for (const { concurrency, keepResults } of variants(context.quick)) {
        const variant = { processes, concurrency, keepResults };
        const results = await interleave(context.rounds, names(), (name, round) => {
          context.progress(`${label(variant)}: ${name}, round ${round + 1} of ${context.rounds}`);
          return drainOnce(context, peerOf(name), variant);
        });
        const rates = columns(results, (drain) => drain.tasksPerSecond);
        if (keepResults) kept.set(concurrency, rates);
        rows.push(...rowsOf(label(variant), results));
      }
      const best = bestOf(kept, "bullmq");
      targets[processes === 1 ? "process1" : "process6"] = ratioOf(bestOf(kept, "ours"), best);
      if (processes === 1) targets.bare = 100 * ratioOf(bestOf(kept, "ours"), bestOf(kept, "bare"));
    }
    return { section: { title: "Process", rows, notes: NOTES }, targets };
  },
};

const NOTES = [
  "The measurement uses the state of Redis. It starts when the warm-up tasks are finished, and ends when no task waits or is pending. Then each task id is looked up among the kept results.",
  "The targets compare each peer at its best concurrency.",
];

function variants(quick: boolean): Omit<Variant, "processes">[] {
  const kept = (quick ? [100] : CONCURRENCIES).map((concurrency) => ({ concurrency, keepResults: true }));
  return [...kept, { concurrency: 100, keepResults: false }];
}

function label({ processes, concurrency, keepResults }: Variant): string {
  return `${processes} process${processes === 1 ? "" : "es"}, concurrency ${concurrency}, ${keepResults ? "results kept" : "no results"}`;
}

/** Fills the queue, starts the workers, measures the drain, and checks that each task was finished once. */
export async function drainOnce(context: Context, peer: Peer, variant: Variant): Promise<Drain> {
  const { server } = context;
  const redis = server.client;
  await redis.flushall();
  const measured = Math.ceil(context.tasks * (variant.concurrency === 1 ? SEQUENTIAL_SHARE : 1));
  const warmUp = Math.ceil(measured * WARM_UP_SHARE);
  const total = measured + warmUp;
  const ids = new Set<string>();
  {
    await using producer = await peer.open(server.url);
    for (const batch of payloadBatches(total, 1000)) for (const id of await producer.enqueue(batch)) ids.add(id);
  }
  const options: WorkerOptions = { ...variant, url: server.url };
  const workers = peer.startWorkers(options);
  try {
    const drain = await watchDrain({
      peer,
      redis,
      redisPid: server.pid,
      workerPids: workers.map((worker) => worker.pid ?? 0),
      total,
      warmUp,
      limitMs: LIMIT_MS,
    });
    if (variant.keepResults) await checkRecords(context, peer, ids);
    return drain;
  } finally {
    await stop(workers);
  }
}

async function checkRecords(context: Context, peer: Peer, ids: ReadonlySet<string>): Promise<void> {
  const recorded = await peer.recorded(context.server.client);
  const missing = [...ids].filter((id) => !recorded.has(id));
  if (missing.length > 0 || recorded.size !== ids.size) {
    throw new Error(`${peer.name}: ${ids.size} tasks, ${recorded.size} records, ${missing.length} tasks without one`);
  }
}

function rowsOf(name: string, results: Record<string, Drain[]>): Row[] {
  const row = (unit: string, figure: (drain: Drain) => number) => comparePeers(name, unit, columns(results, figure));
  return [
    row("tasks/s", (drain) => drain.tasksPerSecond),
    row("Redis commands/task", (drain) => drain.commandsPerTask),
    row("worker CPU µs/task", (drain) => drain.workerCpuMicrosPerTask),
    row("Redis CPU µs/task", (drain) => drain.redisCpuMicrosPerTask),
  ];
}

/** The rounds of a peer at its best concurrency. */
function bestOf(kept: Map<number, Record<string, number[]>>, peer: string): number[] {
  const candidates = [...kept.values()].map((rates) => rates[peer] ?? []);
  return candidates.reduce((best, rates) => (summarize(rates).median > summarize(best).median ? rates : best));
}

const names = () => PEERS.map((peer) => peer.name);

function peerOf(name: string): Peer {
  const peer = PEERS.find((candidate) => candidate.name === name);
  if (peer === undefined) throw new RangeError(`no peer ${name}`);
  return peer;
}
