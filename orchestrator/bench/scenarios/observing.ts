import { setTimeout as sleep } from "node:timers/promises";
import { cpuSeconds, residentBytes } from "../harness/processes.ts";
import { interleave } from "../harness/rounds.ts";
import { startService } from "../harness/service.ts";
import { percentiles, ratioOf } from "../harness/stats.ts";
import { ours, startOurs } from "../peers/ours.ts";
import type { Peer } from "../peers/peer.ts";
import { drainOnce } from "./process.ts";
import { type Context, columns, type Outcome, type Scenario } from "./scenario.ts";

const IDLE_SECONDS = 20;
const SCRAPES = 200;
/** The difference is small: it takes more tasks to tell it from noise. */
const TASKS_SHARE = 4;
const VARIANT = { processes: 1, concurrency: 100, keepResults: true };

export const observing: Scenario = {
  name: "observing",
  about: "throughput with the whole instrumentation and without; /metrics, CPU and memory of the idle service",

  async run(context): Promise<Outcome> {
    const blind: Peer = { ...ours, startWorkers: (options) => startOurs(options, false) };
    const tasks = TASKS_SHARE * context.tasks;
    const results = await interleave(context.rounds, ["on", "off"], (name, round) => {
      context.progress(`metrics ${name}, round ${round + 1} of ${context.rounds}`);
      return drainOnce({ ...context, tasks }, name === "on" ? ours : blind, VARIANT);
    });
    const rates = columns(results, (drain) => drain.tasksPerSecond);
    const cpu = columns(results, (drain) => drain.workerCpuMicrosPerTask);
    const idle = await observeIdle(context);
    const row = (label: string, unit: string, value: number) => ({ label, unit, values: { on: [value] }, ratios: [] });
    return {
      section: {
        title: "Cost of observing",
        rows: [
          { label: "1 process, concurrency 100, metrics", unit: "tasks/s", values: rates, ratios: [["on", "off"]] },
          {
            label: "1 process, concurrency 100, metrics",
            unit: "worker CPU µs/task",
            values: cpu,
            ratios: [["on", "off"]],
          },
          row("/metrics p99, idle", "ms", idle.scrape.p99),
          row("idle: main process and 6 workers", "% of a core", idle.cpuPercent),
          row("resident memory of the 7 processes", "MiB", idle.residentMiB),
        ],
        notes: ["Off is the same worker with the telemetry that does nothing, given to its constructor."],
      },
      targets: {
        observing: 100 * ratioOf(rates.on ?? [], rates.off ?? []),
        idle: idle.cpuPercent,
      },
    };
  },
};

async function observeIdle(context: Context) {
  context.progress("the idle service");
  await context.server.client.flushall();
  await using service = await startService(context.server.url, 2);
  const pids = [service.pid, ...(await service.workerPids())];
  // Its first seconds are start-up.
  await sleep(context.quick ? 1_000 : 10_000);
  const seconds = context.quick ? 2 : IDLE_SECONDS;
  const before = cpuSeconds(pids);
  await sleep(seconds * 1000);
  const cpuPercent = ((cpuSeconds(pids) - before) / seconds) * 100;
  const residentMiB = pids.reduce((sum, pid) => sum + residentBytes(pid), 0) / 2 ** 20;
  const scrapes: number[] = [];
  for (let scrape = 0; scrape < (context.quick ? 5 : SCRAPES); scrape++) {
    const from = performance.now();
    await (await fetch(`${service.url}/metrics`)).text();
    scrapes.push(performance.now() - from);
  }
  return { cpuPercent, residentMiB, scrape: percentiles(scrapes) };
}
