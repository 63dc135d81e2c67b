/**
 * What can be seen of a schedule from outside: the answers and states that a client gets, the notifications that arrived, and
 * when something was broken. The oracle reads nothing else, and this folder imports nothing. Times are epoch milliseconds.
 */

export type Lane = "express" | "regular";

/** One submission and its task, as its client saw them. */
export type TaskView = {
  readonly id: string;
  readonly type: string;
  readonly lane: Lane;
  readonly submittedAtMs: number;
  readonly answeredAtMs: number;
  readonly answer: "accepted" | "refused" | "unanswered";
  /** The first look at which it had ended. */
  readonly endedAtMs?: number;
  readonly end?: "completed" | "failed";
  /** The service accepted it, and later did not know it. */
  readonly unknown?: true;
};

/** One notification that arrived at a receiver. */
export type NoticeView = {
  readonly alert: string;
  readonly receiver: string;
  readonly status: "firing" | "resolved";
  readonly receivedAtMs: number;
  /** Task types that its text names. */
  readonly types: readonly string[];
  /** It calls the on-call engineer. */
  readonly pages: boolean;
};

/** When something was broken on purpose. What it was is not known here. */
export type FaultView = {
  readonly fromMs: number;
  readonly toMs: number;
  /** Monitoring itself is broken: what is notified meanwhile is about that. */
  readonly telemetry: boolean;
};

export type View = {
  /** What divides production times. */
  readonly factor: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly tasks: readonly TaskView[];
  readonly notices: readonly NoticeView[];
  readonly faults: readonly FaultView[];
  /** Why the service did not serve its clients again in time; empty if it did. */
  readonly notRecovered: string;
};
