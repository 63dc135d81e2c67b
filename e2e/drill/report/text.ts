import { minutes } from "@mcp-orchestrator/alerts";
import { type Bounds, boundsOf, SKIPPED_EVALUATIONS, TIMES, TOLERANCE_MS } from "../judge/prediction.ts";
import type { EpisodeReport, Steps } from "./results.ts";

/** Milliseconds for people: `5.7 s`, `12 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 100_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Time between two steps, or a dash if one was not reached. */
function between(steps: Steps, from: keyof Steps, to: keyof Steps): number | undefined {
  const [start, end] = [steps[from], steps[to]];
  return start === undefined || end === undefined ? undefined : end - start;
}

/** A measured time beside its prediction and its bounds. */
function against(measuredMs: number | undefined, predictedMs = 0, bounds?: Bounds): string {
  if (measuredMs === undefined) return "-";
  const measured = duration(measuredMs);
  if (bounds === undefined) return measured;
  return `${measured} of ${duration(predictedMs)} in ${duration(bounds.leastMs)} to ${duration(bounds.mostMs)}`;
}

/** What the cells of {@link budgetCells} are. */
export const BUDGET_HEAD = TIMES;

/** What a time is compared with, for a note beside a table. */
export const BUDGET_NOTE =
  "Measured of the longest time that scrape and evaluation interval, window, `for`, group wait and group interval allow, in the " +
  `bounds with which it passes: at most that time and ${TOLERANCE_MS / minutes(1)} minutes, or ${1 + SKIPPED_EVALUATIONS} evaluations for \`held\`, divided like all durations. ` +
  "Pending, firing and notified count from the fault, held from pending to firing, resolved from the removal of the fault.";

/** Detection and recovery of an episode as table cells. */
export function budgetCells({ steps, budget }: EpisodeReport): string[] {
  const bounds = budget && boundsOf(budget);
  return [
    against(between(steps, "injectedMs", "pendingMs"), budget?.pendingMs, bounds?.pending),
    against(between(steps, "pendingMs", "firingMs"), budget?.heldMs, bounds?.held),
    against(between(steps, "injectedMs", "firingMs"), budget?.firingMs, bounds?.firing),
    against(between(steps, "injectedMs", "notifiedMs"), budget?.notifiedMs, bounds?.notified),
    against(between(steps, "removedMs", "resolvedMs"), budget?.resolvedMs, bounds?.resolved),
  ];
}

/** The alerts of an episode in a line: `QueueDepthSpike -> slack-critical; HighConsumerLag (inhibited)`. */
export function pictureOf({ matrix }: EpisodeReport): string {
  const fired = matrix.filter(({ state }) => state !== "pending");
  if (fired.length === 0) return "silence";
  return fired
    .map(({ alertname, state, receivers }) =>
      state === "inhibited" ? `${alertname} (inhibited)` : `${alertname} -> ${receivers.join(", ") || "no receiver"}`,
    )
    .join("; ");
}
