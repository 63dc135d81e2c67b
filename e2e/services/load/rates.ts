import { FAULT_SIZES, minutes, scaleMs, seconds, type TimingProfile } from "@mcp-orchestrator/alerts";
import { BUILT_IN_TYPES } from "mcp-orchestrator/contract";
import type { LoadPlan, TaskType } from "./load.ts";

/**
 * How much load a drill has at its scale. Windows shrink with the scale and thresholds do not, so a fast drill needs
 * more tasks a second for the same number in a window.
 */

/** Longest window of the alerts' rates, at production length. */
const WINDOW_MS = minutes(5);
/** Window of DeadLetterQueueGrowing, at production length. */
const DEAD_LETTER_WINDOW_MS = minutes(15);
/** Longest time of a fault, at production length: the longest `for` and its detection. */
const HOLD_MS = minutes(12);
/** The part of it that does not scale: runbook commands on a busy machine. */
const RUNBOOK_MS = seconds(30);

/** Express tasks that a window should hold, so that one slow task is not the 95th percentile. */
const EXPRESS_PER_WINDOW = 24;
const REGULAR_PER_WINDOW = 10;

/** The upstream API of each type, by hand. */
const UPSTREAM_OF: Readonly<Record<TaskType, "chat" | "market">> = {
  reasoning: "chat",
  codegen: "chat",
  ml: "market",
};
/** The types whose handlers call the chat API. */
export const CHAT_TYPES = BUILT_IN_TYPES.filter((type) => UPSTREAM_OF[type] === "chat");

/** The same rate for every type. */
export function everyType(perSecond: number, types: readonly TaskType[] = BUILT_IN_TYPES) {
  return Object.fromEntries(types.map((type) => [type, perSecond]));
}

/** The ordinary load. */
export function steadyLoad(profile: TimingProfile): LoadPlan {
  const windowSeconds = scaleMs(WINDOW_MS, profile) / 1000;
  return {
    express: everyType(clamp(EXPRESS_PER_WINDOW / windowSeconds, 0.2, 10)),
    regular: everyType(clamp(REGULAR_PER_WINDOW / windowSeconds, 0.1, 2)),
  };
}

/**
 * The steady load around work that keeps a machine busy for a second or two: starting processes, draining a burst. At
 * the scale of seconds it has no express tasks, because that work makes them slow for the whole of a window of five
 * seconds.
 */
export function loadAroundWork(profile: TimingProfile): LoadPlan {
  const { regular, express } = steadyLoad(profile);
  return isFast(profile) ? { regular: regular ?? {} } : { regular: regular ?? {}, express: express ?? {} };
}

/** The steady load, limited so that it can pile up during a fault without becoming a lag. */
export function loadThatMayPileUp(profile: TimingProfile): LoadPlan {
  const most = FAULT_SIZES.harmlessBacklog / ((scaleMs(HOLD_MS, profile) + RUNBOOK_MS) / 1000);
  const cap = (rates: Readonly<Partial<Record<TaskType, number>>> = {}) =>
    Object.fromEntries(Object.entries(rates).map(([type, perSecond]) => [type, Math.min(perSecond, most)]));
  const { express, regular } = steadyLoad(profile);
  return { express: cap(express), regular: cap(regular) };
}

/**
 * The load while an upstream rejects requests. At the scale of seconds it has no express tasks: one of the few in a
 * window that waits for a retry would make the lane slow.
 */
export function loadOfRejections(profile: TimingProfile): LoadPlan {
  // Two types call the upstream, so twice this is rejected.
  const least = FAULT_SIZES.deadLetters / 2 / (scaleMs(DEAD_LETTER_WINDOW_MS, profile) / 1000);
  if (isFast(profile)) return { regular: everyType(Math.max(5, least)) };
  return { express: everyType(0.35), regular: everyType(Math.max(0.35, least)) };
}

/** One express task of each type that calls the chat API every four minutes: fewer than two in most windows. */
export function loadOfRareTasks(profile: TimingProfile): LoadPlan {
  return { express: everyType(1_000 / scaleMs(minutes(4), profile), CHAT_TYPES) };
}

/**
 * So many express tasks of one type that one in 40 is never several of a window, and ten of them come soon.
 */
export function loadOfMany(profile: TimingProfile): LoadPlan {
  return { express: { reasoning: clamp(100_000 / scaleMs(WINDOW_MS, profile), 0.3, 20) } };
}

/** The plan without one type's tasks. */
export function without(plan: LoadPlan, type: TaskType): LoadPlan {
  return Object.fromEntries(Object.entries(plan).map(([lane, rates]) => [lane, { ...rates, [type]: 0 }]));
}

/** Whether windows are seconds long. */
function isFast({ factor }: TimingProfile): boolean {
  return factor > 10;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
