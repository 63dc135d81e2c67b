import type { EpisodeReport, Steps } from "./results.ts";

/** Milliseconds as people read them: `5.7 s`, `12 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 100_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Time between two steps, or a dash where one was not reached. */
export function between(steps: Steps, from: keyof Steps, to: keyof Steps): number | undefined {
  const [start, end] = [steps[from], steps[to]];
  return start === undefined || end === undefined ? undefined : end - start;
}

/** A measured time beside the longest that was predicted. */
export function against(measuredMs: number | undefined, budgetMs: number | undefined): string {
  if (measuredMs === undefined) return "-";
  return budgetMs === undefined ? duration(measuredMs) : `${duration(measuredMs)} / ${duration(budgetMs)}`;
}

/** Detection and recovery of an episode as table cells: pending, firing, notified, resolved. */
export function budgetCells({ steps, budget }: EpisodeReport): string[] {
  return [
    against(between(steps, "injectedMs", "pendingMs"), budget?.pendingMs),
    against(between(steps, "injectedMs", "firingMs"), budget?.firingMs),
    against(between(steps, "injectedMs", "notifiedMs"), budget?.notifiedMs),
    against(between(steps, "healedMs", "resolvedMs"), budget?.resolvedMs),
  ];
}

/** What an episode made fire, as a line: `QueueDepthSpike -> slack-critical; HighConsumerLag (inhibited)`. */
export function pictureOf({ matrix }: EpisodeReport): string {
  const fired = matrix.filter(({ state }) => state !== "pending");
  if (fired.length === 0) return "silence";
  return fired
    .map(({ alertname, state, receivers }) =>
      state === "inhibited" ? `${alertname} (inhibited)` : `${alertname} -> ${receivers.join(", ") || "no receiver"}`,
    )
    .join("; ");
}
