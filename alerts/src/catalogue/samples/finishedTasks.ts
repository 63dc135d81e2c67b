import { counter } from "./scrapes.ts";

/** Bounds that the hand-written latency samples use, beside +Inf. */
const BOUNDS = ["0.075", "0.1", "0.15", "0.25", "0.5", "0.75", "1"] as const;

export type Bound = (typeof BOUNDS)[number];
type Phase = number | "missing" | "stale" | "reset";

/**
 * The latency histogram of tasks that finish steadily, or another one with the same buckets.
 *
 * @param labels labels of the series, as PromQL writes them
 * @param perScrape tasks that finish between two scrapes, by the upper bound of their bucket
 * @param phases by how much that is multiplied from a time on; 0 where nothing finishes
 */
export function finishedTasks(
  labels: string,
  perScrape: Readonly<Partial<Record<Bound, number>>>,
  phases: Readonly<Record<string, Phase>> = { "0s": 1 },
  metric: "mcp_task_latency_seconds" | "mcp_task_wait_seconds" = "mcp_task_latency_seconds",
): Record<string, string> {
  let tasks = 0;
  const bucket = (le: string) => {
    tasks += le === "+Inf" ? 0 : (perScrape[le as Bound] ?? 0);
    const perPhase = Object.entries(phases).map(([at, phase]) => [
      at,
      typeof phase === "number" ? phase * tasks : phase,
    ]);
    return [`${metric}_bucket{${labels}, le="${le}"}`, counter(Object.fromEntries(perPhase))];
  };
  return Object.fromEntries([...BOUNDS, "+Inf"].map(bucket));
}

/** Phases of one task every four minutes, from so many minutes on. */
export const everyFourMinutes = (fromMinutes: number) =>
  Object.assign(
    {},
    ...[0, 4, 8, 12].map((later) => ({ [`${fromMinutes + later}m`]: 1, [`${fromMinutes + later}m15s`]: 0 })),
  ) as Readonly<Record<string, number>>;
