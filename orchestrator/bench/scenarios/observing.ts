import { setTimeout as sleep } from "node:timers/promises";
import { cpuSeconds, residentBytes } from "../harness/processes.ts";
import { interleave } from "../harness/rounds.ts";
import { scrape } from "../harness/scrape.ts";
import { startService } from "../harness/service.ts";
import { percentiles, ratioOf } from "../harness/stats.ts";
import { ours, startOurs } from "../peers/ours.ts";
import type { Peer } from "../peers/peer.ts";
import { drainOnce } from "./process.ts";
import { type Context, columns, type Outcome, type Scenario } from "./scenario.ts";

/** The first seconds belong to the start. */
const STARTED_SECONDS = 10;
const YOUNG_SECONDS = 20;
/** Code that runs a few times a minute is compiled only after minutes, and a real service is idle for longer. */
const SETTLED_SECONDS = 300;
const IDLE_SECONDS = 60;
const SCRAPES = 200;
/** More tasks, to distinguish a small difference from noise. */
const TASKS_SHARE = 4;
const VARIANT = { processes: 1, concurrency: 100, keepResults: true };

export const observing: Scenario = {
  name: "observing",
  about: "throughput with and without instrumentation; /metrics, CPU and memory of the idle service",

  async run(context): Promise<Outcome> {
    const silent: Peer = { ...ours, startWorkers: (options) => startOurs(options, false) };
    const tasks = TASKS_SHARE * context.tasks;
    const results = await interleave(context.rounds, ["on", "off"], (name, round) => {
      context.progress(`metrics ${name}, round ${round + 1} of ${context.rounds}`);
      return drainOnce({ ...context, tasks }, name === "on" ? ours : silent, VARIANT);
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
          row(`idle for ${SETTLED_SECONDS} s: main process and 6 workers`, "% of a core", idle.settledPercent),
          row(
            `idle, ${STARTED_SECONDS} to ${STARTED_SECONDS + YOUNG_SECONDS} s after the start`,
            "% of a core",
            idle.youngPercent,
          ),
          row("resident memory of the 7 processes", "MiB", idle.residentMiB),
        ],
        notes: ["Off: the same worker with the telemetry that counts nothing."],
      },
      targets: {
        observing: 100 * ratioOf(rates.on ?? [], rates.off ?? []),
        idle: idle.settledPercent,
      },
    };
  },
};

async function observeIdle(context: Context) {
  context.progress("the idle service");
  await context.server.client.flushall();
  await using service = await startService(context.server.url, 2);
  const pids = [service.pid, ...(await service.workerPids())];
  const share = context.quick ? 0.02 : 1;
  await sleep(STARTED_SECONDS * share * 1000);
  const youngPercent = await cpuPercentOver(YOUNG_SECONDS * share, pids);
  context.progress(`the idle service, ${SETTLED_SECONDS} s until it has settled`);
  await sleep((SETTLED_SECONDS - STARTED_SECONDS - YOUNG_SECONDS) * share * 1000);
  const settledPercent = await cpuPercentOver(IDLE_SECONDS * share, pids);
  const residentMiB = pids.reduce((sum, pid) => sum + residentBytes(pid), 0) / 2 ** 20;
  const { metricsMs } = await scrape(service.url, context.quick ? 5 : SCRAPES);
  return { youngPercent, settledPercent, residentMiB, scrape: percentiles(metricsMs) };
}

/** CPU usage of all processes together over a time, in percent of a core. */
async function cpuPercentOver(seconds: number, pids: readonly number[]): Promise<number> {
  const before = cpuSeconds(pids);
  await sleep(seconds * 1000);
  return ((cpuSeconds(pids) - before) / seconds) * 100;
}
