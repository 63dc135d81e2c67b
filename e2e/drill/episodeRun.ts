import { Ledger } from "../services/load/ledger.ts";
import { Load } from "../services/load/load.ts";
import { until } from "../testkit/until.ts";
import { type DrillStack, faultContextOf, runbookShell } from "./drillStack.ts";
import type { Episode, EpisodeContext } from "./episodes/episode.ts";
import { NotYetError, Watch } from "./episodes/watch.ts";
import { untilHealthy } from "./healthy.ts";
import { collectEvidence, rawSamples } from "./judge/evidence.ts";
import { ALWAYS_FIRING, type Expectation } from "./judge/expectation.ts";
import type { Interval } from "./judge/incidents.ts";
import { judge, type Verdict } from "./judge/judge.ts";
import type { Observation } from "./judge/observation.ts";
import type { Budget } from "./judge/prediction.ts";
import { type Phase, Timeline } from "./judge/timeline.ts";
import { type CommandRun, RunbookRunner } from "./runbooks/runbookRunner.ts";

/** The result of one episode. */
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
  /** Runbook commands that were run and printed what the runbook says. */
  readonly commands: readonly CommandRun[];
  /** Why it was broken off. What an episode that ran to its end did wrong is in `findings`. */
  readonly error?: string;
  /** Folder of the stack's logs; only after a failure. */
  readonly logs?: string;
};

/** How long tasks may take to end, and Prometheus to evaluate its rules, beyond the timing of the rules. */
const PATIENCE_MS = 30_000;

/**
 * Runs one episode on a stack: waits until it is healthy under load, runs the episode, accounts for every task and
 * judges what was recorded.
 *
 * Never throws: errors are part of the result.
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
  // These only decide when the episode continues; it is judged by what Prometheus recorded.
  const intervalMs = Math.min(1_000, profile.prometheus.evaluationIntervalMs);
  const waiting = AbortSignal.any([signal, ended.signal]);
  const wait: EpisodeContext["wait"] = async (what, timeoutMs, probe) => {
    await until(what, { timeoutMs, intervalMs, signal: waiting }, probe);
  };
  try {
    const load = parts.use(new Load({ api, ledger, idPrefix: `${episode.id}-${begunAtMs}` }));
    await untilHealthy(drill, wait, episode.load, () => load.run(episode.load));
    const startedAtMs = timeline.reach("healthy");
    const sinceSeq = stack.inbox.store.lastSeq;
    const watch = new Watch(stack, episode.expectation, sinceSeq);
    await episode.run({
      drill,
      watch,
      timeline,
      wait,
      runbooks: new RunbookRunner({
        shell: runbookShell(drill),
        profile,
        signal: waiting,
        ran: (run) => commands.push(run),
      }),
      hadScrapeGap: (interval) => scrapeGaps.push(interval),
      faultContext: faultContextOf(drill, load, waiting),
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
    const { passed, findings } = judge(episode.expectation, observation, episode);
    return { ...result, ...outcome(), passed, findings, observation };
  } catch (error) {
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

/** Waits until Prometheus has evaluated its rules for this long. */
async function observe({ stack }: DrillStack, durationMs: number, wait: EpisodeContext["wait"]): Promise<void> {
  const untilMs = Date.now() + durationMs;
  const watchdog = `ALERTS{alertname="${ALWAYS_FIRING}"}`;
  await wait("Prometheus to evaluate its rules", durationMs + PATIENCE_MS, async () => {
    const leftMs = untilMs - Date.now();
    if (leftMs > 0) throw new NotYetError(`${leftMs} ms to go`);
    const series = await rawSamples(stack.prometheus.url, watchdog, untilMs - PATIENCE_MS, Date.now());
    const lastMs = Math.max(0, ...series.flatMap(({ samples }) => samples.map(({ atMs }) => atMs)));
    if (lastMs < untilMs) throw new NotYetError(`last evaluation ${untilMs - lastMs} ms too early`);
  });
}

/** Waits until every submitted task has ended. What is left open is for the judge. */
async function account({ api }: DrillStack, ledger: Ledger, wait: EpisodeContext["wait"]): Promise<void> {
  const find = (taskId: string) => api.find(taskId);
  await wait("every task to end", PATIENCE_MS, async () => {
    const open = await ledger.reconcile(find);
    if (open.length > 0) throw new NotYetError(`${open.length} of ${ledger.size} tasks are open, such as ${open[0]}`);
  }).catch((error: unknown) => {
    if (!(error instanceof Error && error.name === "UntilTimeoutError")) throw error;
  });
}
