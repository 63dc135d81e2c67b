/** The status of one thing; `skipped` if it could not be checked. */
export type Status = "ok" | "warning" | "problem" | "skipped";

/** One finding. */
export type Finding = {
  readonly status: Status;
  /** The subject: `job`, `QueueDepthSpike`, a link. */
  readonly subject: string;
  /** The state, as one sentence. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy?: string;
};

export const ok = (subject: string, message: string): Finding => ({ status: "ok", subject, message });

export const skipped = (subject: string, message: string): Finding => ({ status: "skipped", subject, message });

/** Alerting works, but not as it was tested. */
export const warning = (subject: string, message: string, remedy: string): Finding => ({
  status: "warning",
  subject,
  message,
  remedy,
});

/** An alert may not fire, or reach no receiver. */
export const problem = (subject: string, message: string, remedy: string): Finding => ({
  status: "problem",
  subject,
  message,
  remedy,
});
