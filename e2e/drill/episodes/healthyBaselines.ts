import { ALERTS, FAULT_SIZES, minutes, scaleMs, type TimingProfile } from "@mcp-orchestrator/alerts";
import type { LoadPlan, TaskType } from "../../services/load/load.ts";
import { loadAroundWork, steadyLoad } from "../../services/load/rates.ts";
import { failOneAcknowledgement } from "../faults/index.ts";
import { scrapesMissed } from "../judge/evidence.ts";
import type { Episode, EpisodeContext } from "./episode.ts";
import { runRemainingCommands } from "./remainingCommands.ts";
import { NotYetError } from "./watch.ts";

/**
 * Episodes in which no notification may be sent. Each is watched for longer than the window and the `for` of the
 * slowest of the nine alerts.
 */

type Baseline = Pick<Episode, "id" | "title" | "replicas" | "traces" | "startsProcesses"> & {
  /** About how long `act` takes; 0 if absent. */
  readonly actMs?: (profile: TimingProfile) => number;
  /** Steady load if absent. */
  readonly load?: (profile: TimingProfile) => LoadPlan;
  act(context: EpisodeContext): Promise<void>;
};

/** More than the depth that QueueDepthSpike allows, for less time than it does. */
const BURST_TASKS = FAULT_SIZES.burst;
const WAIT_MS = 30_000;

const noLoad = (): LoadPlan => ({});

const BASELINES = [
  { id: "steady-load", title: "Steady load", act: async () => {} },
  { id: "idle", title: "No traffic at all", load: noLoad, act: async () => {} },
  {
    id: "rolling-restart",
    title: "Rolling restart of two replicas under load",
    replicas: 2,
    startsProcesses: true,
    // Eight processes, twice.
    actMs: () => 8_000,
    load: loadAroundWork,
    async act({ drill, wait }) {
      for (const [index, { server }] of drill.stack.orchestrators.entries()) {
        await server.stop();
        await server.start();
        await wait(`replica ${index} to be scraped again`, WAIT_MS, async () => {
          const targets = [...(await drill.stack.prometheus.targets()).values()];
          if (targets.some((health) => health !== "up")) throw new NotYetError(targets.join(", "));
        });
      }
    },
  },
  {
    id: "burst",
    title: `A burst of ${BURST_TASKS} tasks that is drained in time`,
    load: loadAroundWork,
    act: ({ faultContext }) => faultContext.load.burst("codegen", "regular", BURST_TASKS),
  },
  {
    id: "missed-scrapes",
    title: "One missed scrape, and later two in a row, under load",
    actMs: (profile) => scaleMs(minutes(6), profile),
    async act(context) {
      await missScrapes(context, 1);
      // Until the first one has left every window.
      await context.observe(scaleMs(minutes(5), context.drill.profile));
      await missScrapes(context, 2);
    },
  },
  {
    id: "single-failures",
    title: "A single failed task and a single failed acknowledgement in an idle system",
    load: noLoad,
    replicas: 1,
    traces: "acknowledgements",
    // Two types, so that neither failure changes the other's rates.
    async act(context) {
      const { faultContext, wait } = context;
      await failOneAcknowledgement(faultContext, "codegen", (what, probe) => wait(what, WAIT_MS, probe));
      await failOneTask(context, "reasoning");
    },
  },
  {
    id: "runbook-commands",
    title: "The commands of the runbooks that belong to no fault",
    replicas: 1,
    // One of the commands scales up.
    startsProcesses: true,
    load: loadAroundWork,
    act: runRemainingCommands,
  },
] as const satisfies readonly Baseline[];
export type BaselineId = (typeof BASELINES)[number]["id"];

/** Every baseline as an episode. */
export function baselineEpisodes(profile: TimingProfile): Episode[] {
  const watchMs = longestAlertMs(profile);
  const all: readonly Baseline[] = BASELINES;
  return all.map(({ act, actMs = () => 0, load = steadyLoad, ...baseline }) => ({
    ...baseline,
    kind: "baseline",
    profile,
    expectation: {},
    load: load(profile),
    expectedMs: actMs(profile) + watchMs,
    async run(context) {
      await act(context);
      await context.observe(watchMs);
    },
  }));
}

/** Window and `for` of the slowest of the nine, plus a tenth. */
function longestAlertMs(profile: TimingProfile): number {
  const each = ALERTS.filter(({ windowMs = 0 }) => windowMs <= 300_000).map(
    ({ forMs, windowMs = 0 }) => forMs + windowMs,
  );
  return scaleMs(1.1 * Math.max(...each), profile);
}

/** Fails one task for good. */
async function failOneTask({ faultContext, wait }: EpisodeContext, type: TaskType): Promise<void> {
  const failed = () => faultContext.api.metric("mcp_tasks_failed_total");
  const before = await failed();
  await faultContext.upstreams({ chat: { errorRate: 1, errorStatus: 400 } });
  try {
    await faultContext.load.burst(type, "express", 1);
    await wait("the task to fail", WAIT_MS, async () => {
      if ((await failed()) === before) throw new NotYetError("mcp_tasks_failed_total has not grown");
    });
  } finally {
    await faultContext.upstreams({ chat: { errorRate: 0 } });
  }
}

/** Cuts scrapes off and waits until Prometheus has recorded it. */
async function missScrapes({ drill, wait }: EpisodeContext, count: number): Promise<void> {
  // A scrape has the time at which it was due, which on a busy machine is before it arrives.
  const sinceMs = Date.now() - drill.profile.prometheus.scrapeIntervalMs;
  await Promise.all(drill.gates.map((gate) => gate.missNext(count)));
  const all = count * drill.gates.length;
  await wait(`${all} missed scrape(s) in Prometheus`, WAIT_MS, async () => {
    const missed = await scrapesMissed(drill.stack.prometheus.url, sinceMs);
    if (missed !== all) throw new NotYetError(`up was 0 in ${missed} scrapes`);
  });
}
