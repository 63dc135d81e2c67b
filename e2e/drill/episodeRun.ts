import { Ledger } from "../services/load/ledger.ts";
import { Load } from "../services/load/load.ts";
import type { ControlUpdate } from "../services/simulator/index.ts";
import { REDIS_USERS } from "../stack/servers/redis.ts";
import { until } from "../testkit/until.ts";
import type { DrillStack } from "./drillStack.ts";
import type { Episode, EpisodeContext } from "./episodes/episode.ts";
import { NotYetError, Watch } from "./episodes/watch.ts";
import { collectEvidence, rawSamples } from "./judge/evidence.ts";
import { ALWAYS_FIRING, type Expectation } from "./judge/expectation.ts";
import type { Interval } from "./judge/incidents.ts";
import { judge, type Verdict } from "./judge/judge.ts";
import type { Observation } from "./judge/observation.ts";
import type { Budget } from "./judge/prediction.ts";
import { type Phase, Timeline } from "./judge/timeline.ts";
import { type CommandRun, RunbookRunner } from "./runbooks/runbookRunner.ts";

/** What came of one parts. */
export type EpisodeResult = {
  readonly id: string;
  readonly title: string;
  readonly kind: Episode["kind"];
  readonly passed: boolean;
  readonly expectation: Expectation;
  readonly phases: Readonly<Partial<Record<Phase, number>>>;
  readonly durationMs: number;
  readonly budget?: Budget;
  readonly observation?: Observation;
  readonly findings: Verdict["findings"];
  /** Commands of runbooks that were run and showed what they must. */
  readonly commands: readonly CommandRun[];
  /** Why it could not be carried through; findings tell what was wrong with one that was. */
  readonly error?: string;
  /** Folder of the stack's logs, where the episode failed. */
  readonly logs?: string;
};

/** How long a stack may take to be quiet before, and the tasks to end after, beside what the timing asks for. */
const PATIENCE_MS = 30_000;

/** Evaluations without any alert after which a stack counts as quiet. */
const SETTLE_EVALUATIONS = 2;

/**
 * Carries one episode through on a stack: quiet under load, what it does, and at the end the account of every task and
 * the judgement of everything that was seen.
 *
 * Never throws: what went wrong is in the result.
 */
export async function runEpisode(
  drill: DrillStack,
  episode: Episode,
  { onPhase, signal }: { onPhase: (phase: Phase) => void; signal: AbortSignal },
): Promise<EpisodeResult> {
  const { stack, profile, api } = drill;
  const begunAtMs = Date.now();
  const timeline = new Timeline(Date.now, onPhase);
  const ledger = new Ledger();
  const commands: CommandRun[] = [];
  const scrapeGaps: Interval[] = [];
  const ended = new AbortController();
  const parts = new AsyncDisposableStack();
  parts.defer(() => ended.abort());
  const result = { id: episode.id, title: episode.title, kind: episode.kind, expectation: episode.expectation };
  // The looks decide when the episode goes on, not what was seen: Prometheus' own record tells that later.
  const intervalMs = Math.min(1_000, profile.prometheus.evaluationIntervalMs);
  const waiting = AbortSignal.any([signal, ended.signal]);
  const wait: EpisodeContext["wait"] = async (what, timeoutMs, probe) => {
    await until(what, { timeoutMs, intervalMs, signal: waiting }, probe);
  };
  try {
    const load = parts.use(new Load({ api, ledger, idPrefix: `${episode.id}-${begunAtMs}` }));
    await becomeQuiet(drill, load, episode, wait);
    const startedAtMs = timeline.reach("quiet");
    const sinceSeq = stack.inbox.store.lastSeq;
    const watch = new Watch(stack, episode.expectation, sinceSeq);
    await episode.run({
      drill,
      watch,
      timeline,
      wait,
      runbooks: new RunbookRunner({
        environment: runbookEnvironment(drill),
        signal: waiting,
        ran: (run) => commands.push(run),
      }),
      hadScrapeGap: (interval) => scrapeGaps.push(interval),
      faultContext: {
        ...{ profile, api, load, admin: drill.admin, aclUser: REDIS_USERS.service, service: stack.orchestrator.server },
        upstreams: (change: ControlUpdate) => stack.simulator.control(change),
        signal: waiting,
      },
      observe: (durationMs) => observe(drill, durationMs, wait),
      onEnd: (undo) => parts.defer(undo),
    });
    await load[Symbol.asyncDispose]();
    await account(drill, ledger, wait);
    const endedAtMs = timeline.reach("accounted");
    const injectedAtMs = timeline.at("injected");
    const removedAtMs = timeline.at("removed");
    const observation: Observation = {
      ...{ startedAtMs, endedAtMs, evaluationIntervalMs: profile.prometheus.evaluationIntervalMs },
      ...(injectedAtMs === undefined ? {} : { injectedAtMs }),
      ...(removedAtMs === undefined ? {} : { removedAtMs }),
      ...(await collectEvidence(stack, startedAtMs, sinceSeq, scrapeGaps)),
      inhibited: watch.inhibited,
      tasks: ledger.account(),
    };
    const { passed, findings } = judge(episode.expectation, observation);
    return { ...result, ...outcome(), passed, findings, observation };
  } catch (error) {
    // What is known so far helps to find out why.
    const message = error instanceof Error ? error.message : String(error);
    return { ...result, ...outcome(), passed: false, findings: [], error: message };
  } finally {
    ended.abort();
    await parts.disposeAsync().catch(() => {});
  }

  function outcome() {
    return {
      phases: timeline.toJSON(),
      durationMs: Date.now() - begunAtMs,
      commands,
      ...(episode.budget === undefined ? {} : { budget: episode.budget }),
    };
  }
}

/** The variables at the head of the runbooks, for this stack. */
function runbookEnvironment({ stack, units }: DrillStack): Record<string, string> {
  return {
    PATH: `${units.bin}:${process.env.PATH}`,
    ORCHESTRATOR_URL: stack.orchestrator.url,
    PROMETHEUS_URL: stack.prometheus.url,
    ALERTMANAGER_URL: stack.alertmanager.url,
    REDIS_URL: stack.redis.url,
    LOG_FILE: stack.orchestrator.logFile,
    ...units.environment,
  };
}

/** Waits until tasks are completed, alerts get through, and no alert is firing or on its way to a receiver. */
async function becomeQuiet(
  { stack, api }: DrillStack,
  load: Load,
  episode: Episode,
  wait: EpisodeContext["wait"],
): Promise<void> {
  const { alertmanager, prometheus } = stack.profile;
  const completed = () => api.metric("mcp_tasks_completed_total");
  const before = await completed();
  load.run(episode.load);
  const watch = new Watch(stack, {}, stack.inbox.store.lastSeq);
  const hasLoad = Object.values(episode.load).some((rates) => Object.values(rates).some((rate) => rate > 0));
  // Held messages about earlier alerts go out at the group's next interval.
  // What comes of the first tasks shows in some evaluations.
  const settledMs = SETTLE_EVALUATIONS * prometheus.evaluationIntervalMs;
  let quietSinceMs: number | undefined;
  const patienceMs = PATIENCE_MS + 3 * alertmanager.groupIntervalMs + prometheus.resendDelayMs;
  await wait("a quiet system", patienceMs, async () => {
    try {
      await watch.silent();
      await watch.nothingToTell();
      await watch.delivering();
      if (hasLoad && (await completed()) === before) throw new NotYetError("no task was completed yet");
    } catch (error) {
      quietSinceMs = undefined;
      throw error;
    }
    quietSinceMs ??= Date.now();
    if (Date.now() - quietSinceMs < settledMs) throw new NotYetError("it has not been quiet for long enough");
  });
}

/** Waits until Prometheus has evaluated for this long from now on. */
async function observe({ stack }: DrillStack, durationMs: number, wait: EpisodeContext["wait"]): Promise<void> {
  const untilMs = Date.now() + durationMs;
  const watchdog = `ALERTS{alertname="${ALWAYS_FIRING}"}`;
  await wait("Prometheus to have evaluated for long enough", durationMs + PATIENCE_MS, async () => {
    const leftMs = untilMs - Date.now();
    if (leftMs > 0) throw new NotYetError(`${leftMs} ms to go`);
    const series = await rawSamples(stack.prometheus.url, watchdog, untilMs - PATIENCE_MS, Date.now());
    const lastMs = Math.max(0, ...series.flatMap(({ samples }) => samples.map(({ atMs }) => atMs)));
    if (lastMs < untilMs) throw new NotYetError(`last evaluation ${untilMs - lastMs} ms too early`);
  });
}

/** Waits until every task that was submitted has ended somewhere; what has not is left for the judge. */
async function account({ api }: DrillStack, ledger: Ledger, wait: EpisodeContext["wait"]): Promise<void> {
  const find = (taskId: string) => api.find(taskId);
  await wait("every task to end", PATIENCE_MS, async () => {
    const open = await ledger.reconcile(find);
    if (open.length > 0) throw new NotYetError(`${open.length} of ${ledger.size} tasks are open, such as ${open[0]}`);
  }).catch((error: unknown) => {
    if (!(error instanceof Error && error.name === "UntilTimeoutError")) throw error;
  });
}
