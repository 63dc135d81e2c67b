import {
  type AlertName,
  alertNamed,
  drillProfile,
  PRODUCTION,
  type Severity,
  scaleMs,
  type TimingProfile,
} from "@mcp-orchestrator/alerts";

/** The timing of a scale: production's own at 1, so that nothing at all differs. */
export function profileOf(factor: number): TimingProfile {
  return factor === 1 ? PRODUCTION : drillProfile(factor);
}

/** What the times of a fault depend on besides the timing of its alert. */
export type FaultTiming = {
  /** The alert that the fault is there to prove. */
  readonly alert: AlertName;
  /** From the fault until the condition holds, at production length: windows that have to fill, by hand. */
  readonly fillMs: number;
  /** What the service itself takes to show the fault, at any scale. */
  readonly reactionMs?: number;
  /** From the end of the fault until the condition no longer holds, at production length: windows that have to run empty. */
  readonly drainMs: number;
  /** What the service itself takes to recover, at any scale. */
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
};

/** How long Alertmanager collects alerts of a severity before it tells the first. */
export function groupWaitMs(severity: Severity, { alertmanager }: TimingProfile): number {
  return severity === "warning" ? alertmanager.warningGroupWaitMs : alertmanager.groupWaitMs;
}

/**
 * Predicts how long detection and recovery may take: the next scrape, the next evaluation, the window that fills, the
 * `for`, the group's wait; and back: the window that runs empty, `keep_firing_for`, the group's interval.
 */
export function predict(
  { alert: name, fillMs, reactionMs = 0, drainMs, recoveryMs = 0 }: FaultTiming,
  profile: TimingProfile,
): Budget {
  const { prometheus, alertmanager } = profile;
  const scaled = (productionMs: number) => (productionMs === 0 ? 0 : scaleMs(productionMs, profile));
  const alert = alertNamed(name);
  // The recording rule may see a scrape one evaluation late.
  const noticeMs = prometheus.scrapeIntervalMs + 2 * prometheus.evaluationIntervalMs;
  const pendingMs = scaled(fillMs) + reactionMs + noticeMs;
  const firingMs = pendingMs + scaled(alert.forMs) + prometheus.evaluationIntervalMs;
  return {
    pendingMs,
    firingMs,
    notifiedMs: firingMs + groupWaitMs(alert.severity, profile),
    resolvedMs:
      scaled(drainMs) +
      recoveryMs +
      noticeMs +
      scaled(alert.keepFiringForMs) +
      prometheus.evaluationIntervalMs +
      alertmanager.groupIntervalMs,
  };
}
