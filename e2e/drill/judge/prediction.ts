import {
  type AlertName,
  alertNamed,
  drillProfile,
  evaluationIntervalMs,
  minutes,
  PRODUCTION,
  type Rule,
  type Severity,
  scaleMs,
  type TimingProfile,
} from "@mcp-orchestrator/alerts";

/** The timing of a scale; production's own at 1. */
export function profileOf(factor: number): TimingProfile {
  return factor === 1 ? PRODUCTION : drillProfile(factor);
}

/** What the times of a fault depend on besides the timing of its alert. */
export type FaultTiming = {
  /** The alert that the fault proves. */
  readonly alert: AlertName;
  /** From the fault until the condition holds, at production length: windows that have to fill, by hand. */
  readonly fillMs: number;
  /** How long the service takes to show the fault, at any scale. */
  readonly reactionMs?: number;
  /**
   * From the end of the fault until the condition no longer holds, at production length: windows that have to empty.
   */
  readonly drainMs: number;
  /** How long the service takes to recover, at any scale. */
  readonly recoveryMs?: number;
};

/** Longest times that the timing of rules, Prometheus and Alertmanager allow, in milliseconds under a profile. */
export type Budget = {
  /** From the fault to the first evaluation that sees it. */
  readonly pendingMs: number;
  /** From the fault to the first evaluation at which the alert fires. */
  readonly firingMs: number;
  /** From the fault to the message. */
  readonly notifiedMs: number;
  /** From the removal of the fault to the last message. */
  readonly resolvedMs: number;
  /** From pending to firing: the `for`. */
  readonly heldMs: number;
  /** The `keep_firing_for`. */
  readonly keptMs: number;
  /** From one evaluation to the next. */
  readonly evaluationMs: number;
  /** What a loaded machine may add to a time from the fault or its removal. */
  readonly toleranceMs: number;
};

/** A time of an episode: from the fault to a step, from pending to firing, or from the removal to the last message. */
export const TIMES = ["pending", "held", "firing", "notified", "resolved"] as const;
export type Time = (typeof TIMES)[number];

/** The shortest and the longest time with which an episode passes, in milliseconds. */
export type Bounds = { readonly leastMs: number; readonly mostMs: number };

/** At production length, so that it means the same at every scale: less than the shortest `for` but one, tripled. */
export const TOLERANCE_MS = minutes(4);
/** Evaluations in a row that Prometheus may skip under load. */
export const SKIPPED_EVALUATIONS = 4;

/**
 * The bounds of each time. An alert that fires is held for its `for` and not longer, by the clock of Prometheus: only skipped
 * evaluations add to it. Times from the fault may be shorter than predicted, by as much as a window fills faster.
 */
export function boundsOf(budget: Budget): Readonly<Record<Time, Bounds>> {
  const { heldMs, keptMs, toleranceMs } = budget;
  return {
    pending: { leastMs: 0, mostMs: budget.pendingMs + toleranceMs },
    held: heldBounds(budget),
    firing: { leastMs: heldMs, mostMs: budget.firingMs + toleranceMs },
    notified: { leastMs: heldMs, mostMs: budget.notifiedMs + toleranceMs },
    resolved: { leastMs: keptMs, mostMs: budget.resolvedMs + toleranceMs },
  };
}

/** The `for` of an alert, and how often it is evaluated. */
export type Held = Pick<Budget, "heldMs" | "evaluationMs">;

/** The bounds of the time from pending to firing. */
export function heldBounds({ heldMs, evaluationMs }: Held): Bounds {
  return { leastMs: heldMs, mostMs: heldMs + (1 + SKIPPED_EVALUATIONS) * evaluationMs };
}

/** How long to wait for a step that has not come, beyond its prediction, before an episode is given up. */
export const PATIENCE_MS = 15_000;

/** How long to wait for the last resolved message. The load of the drill is drained too. */
export function patienceForResolvedMs({ resolvedMs }: Pick<Budget, "resolvedMs">): number {
  return 2 * resolvedMs + PATIENCE_MS;
}

/** How long Alertmanager waits before the first notification of a severity. */
export function groupWaitMs(severity: Severity, { alertmanager }: TimingProfile): number {
  return severity === "warning" ? alertmanager.warningGroupWaitMs : alertmanager.groupWaitMs;
}

/**
 * Predicts how long detection and recovery may take. Detection: scrape, evaluation, window, `for`, group wait.
 * Recovery: window, `keep_firing_for`, group interval.
 */
export function predict(timing: FaultTiming, profile: TimingProfile): Budget {
  return budgetOf(alertNamed(timing.alert), timing, profile);
}

/** The same for an alert of any service. */
export function budgetOf(
  alert: Pick<Rule, "severity" | "forMs" | "keepFiringForMs" | "evaluatedEveryMs">,
  { fillMs, reactionMs = 0, drainMs, recoveryMs = 0 }: Omit<FaultTiming, "alert">,
  profile: TimingProfile,
): Budget {
  const { prometheus, alertmanager } = profile;
  const scaled = (productionMs: number) => (productionMs === 0 ? 0 : scaleMs(productionMs, profile));
  const intervalMs = evaluationIntervalMs(alert, profile);
  // The recording rule may see a scrape one evaluation late.
  const noticeMs = prometheus.scrapeIntervalMs + 2 * intervalMs;
  const heldMs = scaled(alert.forMs);
  const keptMs = scaled(alert.keepFiringForMs);
  const pendingMs = scaled(fillMs) + reactionMs + noticeMs;
  const firingMs = pendingMs + heldMs + intervalMs;
  return {
    ...{ heldMs, keptMs, evaluationMs: intervalMs, toleranceMs: scaleMs(TOLERANCE_MS, profile) },
    pendingMs,
    firingMs,
    notifiedMs: firingMs + groupWaitMs(alert.severity, profile),
    resolvedMs: scaled(drainMs) + recoveryMs + noticeMs + keptMs + intervalMs + alertmanager.groupIntervalMs,
  };
}
