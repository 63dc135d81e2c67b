import type { EpisodeResult } from "../episodeRun.ts";
import { alertsOf } from "../judge/expectation.ts";

/** What a report contains. */
export type DrillReport = {
  readonly startedAt: string;
  readonly durationMs: number;
  /** The factor by which production durations were divided. */
  readonly factor: number;
  readonly runtime: string;
  readonly jobs: number;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly passed: boolean;
  readonly episodes: readonly EpisodeReport[];
};

/** An episode in a report; times are milliseconds after the start of the episode. */
export type EpisodeReport = Pick<
  EpisodeResult,
  "id" | "title" | "kind" | "passed" | "durationMs" | "findings" | "commands"
> & {
  /** The alert that the fault proves; absent for a baseline. */
  readonly alert?: string;
  readonly error?: string;
  readonly logs?: string;
  readonly steps: Steps;
  /** Longest times after the fault; for `resolvedMs`, after its removal. */
  readonly budget?: EpisodeResult["budget"];
  readonly matrix: readonly MatrixRow[];
  readonly tasks?: Readonly<Record<"submitted" | "completed" | "deadLettered" | "refused" | "lost", number>>;
};

/** What happened to the alert of an episode, as Prometheus and the receivers recorded it. */
export type Steps = Readonly<
  Partial<Record<"injectedMs" | "pendingMs" | "firingMs" | "notifiedMs" | "removedMs" | "resolvedMs" | "endMs", number>>
>;

/** One alert of an episode. */
export type MatrixRow = {
  readonly alertname: string;
  readonly state: "pending" | "fired" | "inhibited";
  readonly receivers: readonly string[];
  readonly pendingMs: number;
  readonly firingMs?: number;
  readonly endMs: number;
};

/** Reduces a result to what reports show. */
export function episodeReport(result: EpisodeResult): EpisodeReport {
  const { id, title, kind, passed, durationMs, findings, commands, error, logs, budget, observation } = result;
  const alert = kind === "baseline" ? undefined : alertsOf(result.expectation)[0];
  return {
    ...{ id, title, kind, passed, durationMs, findings, commands },
    ...(alert === undefined ? {} : { alert }),
    ...(error === undefined ? {} : { error }),
    ...(logs === undefined ? {} : { logs }),
    ...(budget === undefined ? {} : { budget }),
    steps: stepsOf(result, alert),
    matrix: matrixOf(result),
    ...(observation === undefined ? {} : { tasks: { ...observation.tasks, lost: observation.tasks.lost.length } }),
  };
}

function stepsOf({ observation }: EpisodeResult, alert: string | undefined): Steps {
  if (observation === undefined) return {};
  const { startedAtMs, injectedAtMs, removedAtMs, endedAtMs, incidents, notifications } = observation;
  const mine = incidents.find(({ alertname, firingAtMs }) => alertname === alert && firingAtMs !== undefined);
  const messages = notifications.filter(({ alertname }) => alertname === alert);
  const times = {
    injectedMs: injectedAtMs,
    pendingMs: mine?.pendingAtMs,
    firingMs: mine?.firingAtMs,
    notifiedMs: messages.find(({ status }) => status === "firing")?.receivedAtMs,
    removedMs: removedAtMs,
    resolvedMs: messages.findLast(({ status }) => status === "resolved")?.receivedAtMs,
    endMs: endedAtMs,
  };
  return Object.fromEntries(
    Object.entries(times).flatMap(([step, atMs]) => (atMs === undefined ? [] : [[step, atMs - startedAtMs]])),
  );
}

function matrixOf({ observation }: EpisodeResult): MatrixRow[] {
  if (observation === undefined) return [];
  const { startedAtMs, incidents, notifications, inhibited } = observation;
  return [...Map.groupBy(incidents, ({ alertname }) => alertname)].map(([alertname, all]) => {
    const firing = all.flatMap(({ firingAtMs }) => firingAtMs ?? []);
    const notified = notifications.filter((message) => message.alertname === alertname).map(({ receiver }) => receiver);
    return {
      alertname,
      state: firing.length === 0 ? "pending" : inhibited.includes(alertname) ? "inhibited" : "fired",
      receivers: [...new Set(notified)].sort(),
      pendingMs: Math.min(...all.map(({ pendingAtMs }) => pendingAtMs)) - startedAtMs,
      ...(firing.length === 0 ? {} : { firingMs: Math.min(...firing) - startedAtMs }),
      endMs: Math.max(...all.map(({ lastSeenAtMs }) => lastSeenAtMs)) - startedAtMs,
    };
  });
}
