/**
 * Durations are written once, at production length in milliseconds. A timing profile divides all of them by one factor
 * and changes nothing else, so that a drill proves the rules that ship.
 */

export const seconds = (count: number): number => count * 1000;
export const minutes = (count: number): number => seconds(60 * count);
export const hours = (count: number): number => minutes(60 * count);

/** All timing of Prometheus and Alertmanager that is configured outside the rules. */
export type TimingProfile = {
  readonly name: string;
  /** The factor that divides production durations. */
  readonly factor: number;
  /** Divides windows of over an hour once more: those of objectives take hours to days to fill and to empty. */
  readonly longWindowFactor?: number;
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
     * `--dispatch.start-delay`: a restarted Alertmanager sends nothing until Prometheus has sent every alert again. So it knows the
     * higher-severity alert before it notifies a warning that this alert inhibits.
     */
    readonly startDelayMs: number;
    /**
     * The group wait of warnings, equally long for releases without that flag (before 0.30). It helps only young
     * warnings, because Alertmanager counts it from the start of an alert.
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
/** The resend delay, the next evaluation, and one more. */
const EVERYTHING_SENT_AGAIN_MS = RESEND_DELAY_MS + 2 * SCRAPE_INTERVAL_MS;

/** The timing that ships. */
export const PRODUCTION: TimingProfile = {
  name: "production",
  factor: 1,
  prometheus: {
    scrapeIntervalMs: SCRAPE_INTERVAL_MS,
    scrapeTimeoutMs: SCRAPE_INTERVAL_MS,
    evaluationIntervalMs: SCRAPE_INTERVAL_MS,
    lookbackDeltaMs: minutes(5),
    resendDelayMs: RESEND_DELAY_MS,
    // Prometheus restores a `for` after a restart only if it is at least this long. With the default of 10m a restart
    // during an incident would set every alert back to pending, and Alertmanager would report it resolved.
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

/** A profile that cannot be rendered. */
export class TimingError extends Error {
  readonly code = "TIMING_INVALID";
  readonly subject: string;

  constructor(subject: string, message: string) {
    super(message);
    this.name = "TimingError";
    this.subject = subject;
  }
}

/** The default factor of a drill: minutes become seconds. */
export const DRILL_FACTOR = 60;

/**
 * Production timing divided by a factor.
 *
 * @param factor 1 gives the production durations under the name `drill`
 * @param longWindowFactor divides windows of over an hour once more
 * @throws TimingError if a factor is below 1, or so large that a duration would become 0
 */
export function drillProfile(factor = DRILL_FACTOR, longWindowFactor = 1): TimingProfile {
  for (const one of [factor, longWindowFactor]) {
    if (Number.isFinite(one) && one >= 1) continue;
    throw new TimingError("factor", `The timing factor must be a number of at least 1, not ${one}`);
  }
  const profile = { name: "drill", factor, longWindowFactor };
  return {
    ...profile,
    prometheus: scaleAll(PRODUCTION.prometheus, profile),
    alertmanager: scaleAll(PRODUCTION.alertmanager, profile),
  };
}

/**
 * A production duration under a profile.
 *
 * @throws TimingError if less than a millisecond is left
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

/** The longest window that `longWindowFactor` leaves alone. */
const LONG_WINDOW_MS = hours(1);

/** The window of a rule under a profile, from its production length. */
export function scaleWindowMs(productionMs: number, profile: WindowScale): number {
  const extra = productionMs > LONG_WINDOW_MS ? (profile.longWindowFactor ?? 1) : 1;
  return scaleMs(productionMs, { factor: profile.factor * extra });
}

/** What of a profile scales windows. */
export type WindowScale = Pick<TimingProfile, "factor" | "longWindowFactor">;

const UNITS = [
  ["h", hours(1)],
  ["m", minutes(1)],
  ["s", seconds(1)],
  ["ms", 1],
] as const;

/** A duration in Prometheus' notation: `5m`, `250ms`, `1h30m`. */
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

/** The milliseconds of a duration in the notation of `formatDuration`. */
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
