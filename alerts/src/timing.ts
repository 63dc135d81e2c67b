/**
 * Durations are written once, at production length and in milliseconds. A timing profile divides every one of them by
 * the same factor and changes nothing else, so that a drill of seconds proves the rules that ship.
 */

export const seconds = (count: number): number => count * 1000;
export const minutes = (count: number): number => seconds(60 * count);
export const hours = (count: number): number => minutes(60 * count);

/** All timing of Prometheus and Alertmanager that is configured outside the rules. */
export type TimingProfile = {
  readonly name: string;
  /** What production durations are divided by. */
  readonly factor: number;
  readonly prometheus: {
    readonly scrapeIntervalMs: number;
    readonly scrapeTimeoutMs: number;
    readonly evaluationIntervalMs: number;
    /** `--query.lookback-delta` */
    readonly lookbackDeltaMs: number;
    /** `--rules.alert.resend-delay`; an alert that is not re-sent for four of them counts as resolved. */
    readonly resendDelayMs: number;
    /** `--rules.alert.for-grace-period` */
    readonly forGracePeriodMs: number;
    /** `--rules.alert.for-outage-tolerance` */
    readonly forOutageToleranceMs: number;
  };
  readonly alertmanager: {
    readonly groupWaitMs: number;
    /**
     * `--dispatch.start-delay`: an Alertmanager that restarts tells nothing before Prometheus has sent every alert once
     * more, so that it knows the higher-severity alert before it notifies a warning which that alert inhibits.
     */
    readonly startDelayMs: number;
    /**
     * The group's wait for warnings. As long, for releases without that flag (before 0.30): it helps warnings that are
     * younger than this, since Alertmanager counts the wait from the beginning of an alert.
     */
    readonly warningGroupWaitMs: number;
    readonly groupIntervalMs: number;
    readonly repeatIntervalMs: number;
    readonly resolveTimeoutMs: number;
    /** How often the dead man's switch receives a heartbeat. */
    readonly heartbeatIntervalMs: number;
  };
};

const SCRAPE_INTERVAL_MS = seconds(15);
const RESEND_DELAY_MS = minutes(1);
/** The resend delay, the evaluation that follows it, and one more. */
const EVERYTHING_SENT_AGAIN_MS = RESEND_DELAY_MS + 2 * SCRAPE_INTERVAL_MS;

/** What ships. */
export const PRODUCTION: TimingProfile = {
  name: "production",
  factor: 1,
  prometheus: {
    scrapeIntervalMs: SCRAPE_INTERVAL_MS,
    scrapeTimeoutMs: SCRAPE_INTERVAL_MS,
    evaluationIntervalMs: SCRAPE_INTERVAL_MS,
    lookbackDeltaMs: minutes(5),
    resendDelayMs: RESEND_DELAY_MS,
    // Prometheus restores the state of a `for` after a restart only where it is at least this long; with the default
    // of 10m a restart in mid-incident would drop every alert of the catalogue to pending, and Alertmanager would
    // report it resolved.
    forGracePeriodMs: seconds(30),
    forOutageToleranceMs: hours(1),
  },
  alertmanager: {
    groupWaitMs: seconds(30),
    startDelayMs: EVERYTHING_SENT_AGAIN_MS,
    warningGroupWaitMs: EVERYTHING_SENT_AGAIN_MS,
    groupIntervalMs: minutes(5),
    repeatIntervalMs: hours(4),
    resolveTimeoutMs: minutes(5),
    heartbeatIntervalMs: minutes(1),
  },
};

/** A profile was asked for that cannot be rendered. */
export class TimingError extends Error {
  readonly code = "TIMING_INVALID";
  readonly subject: string;

  constructor(subject: string, message: string) {
    super(message);
    this.name = "TimingError";
    this.subject = subject;
  }
}

/** What a drill divides by by default: minutes become seconds. */
export const DRILL_FACTOR = 60;

/**
 * Production timing divided by a factor.
 *
 * @param factor 1 gives the production durations under the name `drill`
 * @throws TimingError when the factor is below 1 or so large that a duration would vanish
 */
export function drillProfile(factor = DRILL_FACTOR): TimingProfile {
  if (!Number.isFinite(factor) || factor < 1) {
    throw new TimingError("factor", `The timing factor must be a number of at least 1, not ${factor}`);
  }
  const profile = { name: "drill", factor };
  return {
    ...profile,
    prometheus: scaleAll(PRODUCTION.prometheus, profile),
    alertmanager: scaleAll(PRODUCTION.alertmanager, profile),
  };
}

/**
 * A production duration under a profile.
 *
 * @throws TimingError when less than a millisecond is left of it
 */
export function scaleMs(productionMs: number, profile: Pick<TimingProfile, "factor">): number {
  const scaledMs = Math.round(productionMs / profile.factor);
  if (scaledMs < 1) {
    throw new TimingError(
      "factor",
      `A timing factor of ${profile.factor} leaves nothing of ${formatDuration(productionMs)}`,
    );
  }
  return scaledMs;
}

const UNITS = [
  ["h", hours(1)],
  ["m", minutes(1)],
  ["s", seconds(1)],
  ["ms", 1],
] as const;

/** A duration as Prometheus and Alertmanager read it: `5m`, `250ms`, `1h30m`. */
export function formatDuration(durationMs: number): string {
  if (durationMs === 0) return "0s";
  let restMs = durationMs;
  let text = "";
  for (const [unit, unitMs] of UNITS) {
    const count = Math.floor(restMs / unitMs);
    if (count > 0) text += `${count}${unit}`;
    restMs -= count * unitMs;
  }
  return text;
}

/** The milliseconds of a duration as `formatDuration` writes it; what it does not write is not read. */
export function parseDuration(text: string): number {
  const unitMs = new Map<string, number>(UNITS);
  return [...text.matchAll(/(\d+)(ms|h|m|s)/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (unitMs.get(unit ?? "") ?? 0),
    0,
  );
}

function scaleAll<T extends Record<string, number>>(durations: T, profile: Pick<TimingProfile, "factor">): T {
  return Object.fromEntries(Object.entries(durations).map(([key, ms]) => [key, scaleMs(ms, profile)])) as T;
}
