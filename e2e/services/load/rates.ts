import { FAULT_SIZES, minutes, scaleMs, seconds, type TimingProfile } from "@mcp-orchestrator/alerts";
import { BUILT_IN_TYPES } from "mcp-orchestrator/contract";
import type { LoadPlan, TaskType } from "./load.ts";

/**
 * How much load there is, by how fast the drill runs. Windows shrink with the scale and thresholds do not, so a fast
 * drill needs more tasks a second for the same number in a window.
 */

/** Longest window of the alerts' rates, at production length. */
const WINDOW_MS = minutes(5);
/** Longest that a fault is held on, at production length: the longest `for`, and its detection. */
const HOLD_MS = minutes(12);
/** The same at any scale: commands of runbooks are run, and the machine may be busy. */
const RUNBOOK_MS = seconds(30);

/** Express tasks that a window should hold, so that one slow task is not the 95th percentile. */
const EXPRESS_PER_WINDOW = 24;
const REGULAR_PER_WINDOW = 10;

/** The same rate for every type. */
export function everyType(perSecond: number, types: readonly TaskType[] = BUILT_IN_TYPES) {
  return Object.fromEntries(types.map((type) => [type, perSecond]));
}

/** What clients do all day. */
export function steadyLoad(profile: TimingProfile): LoadPlan {
  const windowSeconds = scaleMs(WINDOW_MS, profile) / 1000;
  return {
    express: everyType(clamp(EXPRESS_PER_WINDOW / windowSeconds, 0.2, 10)),
    regular: everyType(clamp(REGULAR_PER_WINDOW / windowSeconds, 0.1, 2)),
  };
}

/**
 * The steady load around what keeps a machine busy for a second or two at every scale: processes that start, a burst that
 * is drained. At the scale of seconds it has no express tasks: in a window of five seconds they would be a slow express
 * lane, in one of five minutes they are nothing.
 */
export function loadAroundWork(profile: TimingProfile): LoadPlan {
  const { regular, express } = steadyLoad(profile);
  return isFast(profile) ? { regular: regular ?? {} } : { regular: regular ?? {}, express: express ?? {} };
}

/** The steady load, as far as it may pile up during a fault without becoming a lag. */
export function loadThatMayPileUp(profile: TimingProfile): LoadPlan {
  const most = FAULT_SIZES.harmlessBacklog / ((scaleMs(HOLD_MS, profile) + RUNBOOK_MS) / 1000);
  const cap = (rates: Readonly<Partial<Record<TaskType, number>>> = {}) =>
    Object.fromEntries(Object.entries(rates).map(([type, perSecond]) => [type, Math.min(perSecond, most)]));
  const { express, regular } = steadyLoad(profile);
  return { express: cap(express), regular: cap(regular) };
}

/**
 * The load while an upstream rejects requests. At the scale of seconds it has no express tasks: of the few in a window,
 * one that waits for a retry would be a slow express lane.
 */
export function loadOfRejections(profile: TimingProfile): LoadPlan {
  return isFast(profile) ? { regular: everyType(5) } : { express: everyType(0.35), regular: everyType(0.35) };
}

/** The plan without one type's tasks. */
export function without(plan: LoadPlan, type: TaskType): LoadPlan {
  return Object.fromEntries(Object.entries(plan).map(([lane, rates]) => [lane, { ...rates, [type]: 0 }]));
}

/** Whether a window is seconds long. */
export function isFast({ factor }: TimingProfile): boolean {
  return factor > 10;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
