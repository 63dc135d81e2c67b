import { instanceOf } from "@mcp-orchestrator/alerts";
import type { Incident } from "./observation.ts";

/** One series of `ALERTS` with its raw samples. */
export type AlertSeries = {
  readonly labels: Readonly<Record<string, string>>;
  /** Times of the samples, epoch ms, ascending. */
  readonly timesMs: readonly number[];
};

/** From one moment to another, epoch ms. */
export type Interval = { readonly fromMs: number; readonly toMs: number };

/**
 * Groups the samples of `ALERTS` into incidents.
 *
 * A gap alone ends no incident, since Prometheus skips evaluations under load. An alert that was really gone comes back
 * as pending, which starts a new incident.
 *
 * @param series every series of the metric, pending and firing
 * @param goneAfterMs a pending alert that is missing for longer is a new incident
 * @param scrapeGaps when Prometheus was down: an incident continues after it
 */
export function incidentsOf(
  series: readonly AlertSeries[],
  goneAfterMs: number,
  scrapeGaps: readonly Interval[] = [],
): Incident[] {
  const byInstance = new Map<string, { alertname: string; instance: Record<string, string>; marks: Mark[] }>();
  for (const { labels, timesMs } of series) {
    const instance = instanceOf(labels);
    const alertname = labels.alertname ?? "";
    const key = JSON.stringify([alertname, Object.entries(instance).sort()]);
    const entry = byInstance.get(key) ?? { alertname, instance, marks: [] };
    const firing = labels.alertstate === "firing";
    entry.marks.push(...timesMs.map((atMs) => ({ atMs, firing })));
    byInstance.set(key, entry);
  }
  return [...byInstance.values()]
    .flatMap(({ alertname, instance, marks }) =>
      stays(marks, goneAfterMs, scrapeGaps).map((stay) => ({ alertname, instance, ...stay })),
    )
    .sort((a, b) => a.pendingAtMs - b.pendingAtMs);
}

type Mark = { readonly atMs: number; readonly firing: boolean };
type Stay = { pendingAtMs: number; firingAtMs?: number; lastSeenAtMs: number };

function stays(marks: readonly Mark[], goneAfterMs: number, scrapeGaps: readonly Interval[]): Stay[] {
  const found: Stay[] = [];
  for (const { atMs, firing } of [...marks].sort((a, b) => a.atMs - b.atMs)) {
    const open = found.at(-1);
    const takenUp = scrapeGaps.some(({ fromMs, toMs }) => atMs >= fromMs && atMs <= toMs);
    const isNew =
      open === undefined ||
      (takenUp
        ? false
        : (!firing && (open.firingAtMs !== undefined || atMs - open.lastSeenAtMs > goneAfterMs)) ||
          (firing && open.firingAtMs === undefined && atMs - open.lastSeenAtMs > goneAfterMs));
    if (isNew) {
      found.push({ pendingAtMs: atMs, ...(firing ? { firingAtMs: atMs } : {}), lastSeenAtMs: atMs });
      continue;
    }
    if (firing) open.firingAtMs ??= atMs;
    open.lastSeenAtMs = atMs;
  }
  return found;
}
