import { setTimeout as sleep } from "node:timers/promises";
import { paced } from "../harness/paced.ts";
import { stop } from "../harness/processes.ts";
import { interleave } from "../harness/rounds.ts";
import { type Percentiles, ratioOf } from "../harness/stats.ts";
import { PEERS } from "../peers/index.ts";
import type { Peer, PeerName } from "../peers/peer.ts";
import { type Context, columns, comparePeers, type Outcome, type Row, type Scenario } from "./scenario.ts";

const RATES = [500, 2_000] as const;
const SECONDS = 5;
const QUICK_SECONDS = 1;
const CONCURRENCY = 100;
/** Time until the workers are connected and wait. */
const SETTLE_MS = 1_500;

export const latency: Scenario = {
  name: "latency",
  about: "time from enqueue to the stored result at constant 500 and 2,000 tasks/s",

  async run(context): Promise<Outcome> {
    const rows: Row[] = [];
    const targets: Outcome["targets"] = {};
    for (const rate of RATES) {
      const names = PEERS.map((peer) => peer.name);
      const results = await interleave(context.rounds, names, (name, round) => {
        context.progress(`latency at ${rate}/s: ${name}, round ${round + 1} of ${context.rounds}`);
        return once(context, name, rate);
      });
      const label = `${rate.toLocaleString("en-US")} tasks/s`;
      for (const at of ["p50", "p95", "p99"] as const) {
        rows.push(
          comparePeers(
            label,
            `${at} ms`,
            columns(results, (result) => result[at]),
          ),
        );
      }
      const p99 = columns(results, (result) => result.p99);
      if (rate === 2_000) targets.latency = ratioOf(p99.ours ?? [], p99.bullmq ?? []);
    }
    return { section: { title: "Latency", rows, notes: NOTES }, targets };
  },
};

const NOTES = [
  "One task per call, on an even schedule that does not wait for answers; one worker process, concurrency 100, no-op handler, results kept.",
  "The end is detected in Redis, equally for all peers: the number of stored results is polled about every millisecond.",
];

async function once(context: Context, name: PeerName, rate: number): Promise<Percentiles> {
  const peer = PEERS.find((candidate) => candidate.name === name) as Peer;
  const { client, url } = context.server;
  await client.flushall();
  const workers = peer.startWorkers({ url, processes: 1, concurrency: CONCURRENCY, keepResults: true });
  try {
    await using producer = await peer.open(url);
    await sleep(SETTLE_MS);
    const run = (seconds: number) =>
      paced({
        rate,
        tasks: rate * seconds,
        send: (payload) => producer.enqueue([payload]),
        finished: () => peer.finished(client),
      });
    await run(1);
    return await run(context.quick ? QUICK_SECONDS : SECONDS);
  } finally {
    await stop(workers);
  }
}
