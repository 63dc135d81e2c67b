import { setTimeout as pause } from "node:timers/promises";
import { minutes, scaleMs, type TimingProfile } from "@mcp-orchestrator/alerts";
import { LANES } from "mcp-orchestrator/contract";
import type { LoadPlan } from "../../services/load/load.ts";
import { everyType, steadyLoad } from "../../services/load/rates.ts";
import { ServiceApi } from "../../services/load/serviceApi.ts";
import { until } from "../../testkit/until.ts";
import { faultContextOf } from "../drillStack.ts";
import { Watch } from "../episodes/watch.ts";
import { untilHealthy } from "../healthy.ts";
import type { CampaignStack } from "./campaignStack.ts";
import { Clients } from "./clients.ts";
import { CAMPAIGN_FAULTS, type CampaignContext } from "./faults.ts";
import { MEANINGS } from "./meanings.ts";
import { noticesOf } from "./notices.ts";
import { PATIENCE, RECOVERED_WITHIN_MS } from "./oracle/budgets.ts";
import { scaled } from "./oracle/hurts.ts";
import { judge, type Verdict } from "./oracle/oracle.ts";
import type { FaultView, NoticeView } from "./oracle/view.ts";
import { describeFault, lengthMinutes, type PlannedFault, type Schedule, type Traffic } from "./schedule.ts";

/** The outcome of one schedule. */
export type ScheduleResult = Verdict & {
  readonly name: string;
  readonly schedule: Schedule;
  readonly passed: boolean;
  /** Faults that could not be injected as planned, mostly because of another one. */
  readonly missedFaults: readonly string[];
  /** When each alert was first notified. Minutes at production length after the first fault. */
  readonly notified: Readonly<Record<string, number>>;
  readonly tasks: number;
  readonly durationMs: number;
  /** Folder of the stack's logs; only after a failure. */
  readonly logs?: string;
};

export type NamedSchedule = { readonly name: string; readonly schedule: Schedule };

/** Without an answer for this long, a client gives up. */
const CLIENT_TIMEOUT_MS = 1_500;
/** Another fault may be in the way of a removal. */
const REMOVAL_TIMEOUT_MS = 30_000;
const LOOK_MS = 250;
const RARE_EVERY_MINUTES = 3;

/**
 * Runs one schedule on a stack at rest, and judges it. If it passes, the stack is at rest again.
 *
 * @throws if it is interrupted, or the stack does not become healthy
 */
export async function runSchedule(
  drill: CampaignStack,
  { name, schedule }: NamedSchedule,
  signal: AbortSignal,
): Promise<ScheduleResult> {
  const { stack, profile } = drill;
  const begunAtMs = Date.now();
  await using parts = new AsyncDisposableStack();
  const ended = new AbortController();
  parts.defer(() => ended.abort());
  const running = AbortSignal.any([signal, ended.signal]);
  const apis = stack.orchestrators.map(({ url }) => parts.use(new ServiceApi(url, { timeoutMs: CLIENT_TIMEOUT_MS })));
  const clients = parts.use(new Clients(apis, `${name.replaceAll(" ", "-")}-${begunAtMs}`));
  const load = loadOf(schedule.traffic, profile);
  await untilHealthy(
    drill,
    (what, timeoutMs, probe) => until(what, { timeoutMs, intervalMs: LOOK_MS, signal: running }, probe),
    load,
    () => clients.run(load),
  );
  const startedAtMs = Date.now();
  const sinceSeq = stack.inbox.store.lastSeq;
  const context: CampaignContext = {
    ...faultContextOf(drill, clients.newLoad("fault"), running),
    redisLink: drill.redisLink,
    mains: stack.orchestrators.map(({ server }) => server),
  };
  const atMinute = (minute: number) =>
    pause(Math.max(0, startedAtMs + scaleMs(minutes(minute), profile) - Date.now()), undefined, { signal: running });
  const missedFaults: string[] = [];
  const faults: FaultView[] = [];
  await Promise.all(
    schedule.faults.map(async (planned) => {
      const { missed, seen } = await injectFor(planned, context, atMinute);
      missedFaults.push(...missed);
      faults.push(seen);
    }),
  );
  await atMinute(lengthMinutes(schedule));
  const notRecovered = await clients
    .areServed(RECOVERED_WITHIN_MS, running)
    .then(() => clients.areDone(RECOVERED_WITHIN_MS, running))
    .then(() => "", messageOf);
  const watch = new Watch(stack, {}, sinceSeq);
  const restMs = scaled(PATIENCE.resolvedWithinMinutes, profile.factor);
  await until("every alert to be resolved", { timeoutMs: restMs, intervalMs: LOOK_MS, signal: running }, async () => {
    await watch.silent();
    await watch.allResolved();
  }).catch(messageOf);
  clients.stopSubmitting();
  await clients.areDone(RECOVERED_WITHIN_MS, running).catch(messageOf);
  running.throwIfAborted();
  const notices = noticesOf(stack.inbox.store.list(sinceSeq));
  const times = { factor: profile.factor, startedAtMs, endedAtMs: Date.now() };
  const verdict = judge({ ...times, faults, notRecovered, tasks: clients.tasks, notices }, MEANINGS);
  return {
    ...verdict,
    ...{ name, schedule, missedFaults },
    notified: firstNotified(notices, Math.min(...faults.map(({ fromMs }) => fromMs)), profile.factor),
    passed: verdict.findings.length === 0,
    tasks: clients.tasks.length,
    durationMs: Date.now() - begunAtMs,
  };
}

/** Injects a fault at its time, and removes it. */
async function injectFor(
  planned: PlannedFault,
  context: CampaignContext,
  atMinute: (minute: number) => Promise<void>,
): Promise<{ readonly missed: readonly string[]; readonly seen: FaultView }> {
  const fault = CAMPAIGN_FAULTS.get(planned.fault);
  if (fault === undefined) throw new RangeError(`There is no fault ${planned.fault}`);
  const missed: string[] = [];
  const note = (error: unknown) => void missed.push(`${describeFault(planned)}: ${messageOf(error)}`);
  await atMinute(planned.atMinute);
  const fromMs = Date.now();
  const active = await fault.inject(context).catch(note);
  await atMinute(planned.atMinute + planned.forMinutes);
  if (active !== undefined) {
    const options = { timeoutMs: REMOVAL_TIMEOUT_MS, intervalMs: LOOK_MS, signal: context.signal };
    await until("the removal", options, () => active.remove()).catch(note);
  }
  return { missed, seen: { fromMs, toMs: Date.now(), telemetry: fault.telemetry === true } };
}

function firstNotified(notices: readonly NoticeView[], sinceMs: number, factor: number): Record<string, number> {
  const firing = notices.filter(({ status }) => status === "firing").toReversed();
  const minutesAfter = (atMs: number) => Math.round((10 * (atMs - sinceMs)) / scaled(1, factor)) / 10;
  return Object.fromEntries(firing.map(({ alert, receivedAtMs }) => [alert, minutesAfter(receivedAtMs)]));
}

/** Tasks a second, by lane and type. */
function loadOf({ rate, lanes, types }: Traffic, profile: TimingProfile): LoadPlan {
  const perMinute = 1_000 / scaleMs(minutes(1), profile);
  const steady = steadyLoad(profile);
  return Object.fromEntries(
    LANES.filter((lane) => lanes.includes(lane)).map((lane) => {
      if (rate === "moderate") return [lane, everyType(perMinute, types)];
      if (rate === "rare") return [lane, everyType(perMinute / RARE_EVERY_MINUTES, types)];
      return [lane, Object.fromEntries(types.map((type) => [type, steady[lane]?.[type] ?? 0]))];
    }),
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
