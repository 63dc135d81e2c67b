/** Where a notification came in: Slack's incoming webhook, PagerDuty Events v2, Alertmanager's own webhook. */
export type NotificationKind = "slack" | "pagerduty" | "webhook";

/** Firing or resolved, as in the message. */
export type NotificationStatus = "firing" | "resolved";

/** The content of one call to a receiver. */
export type Notice = {
  /** Alertmanager's receiver, known from the path that was called. */
  readonly receiver: string;
  readonly kind: NotificationKind;
  readonly status: NotificationStatus;
  /** Absent where the message does not say it in the agreed place. */
  readonly alertname?: string;
  /** One line for people. */
  readonly summary: string;
  /** Exactly what was sent. */
  readonly body: unknown;
};

/** A notice that the inbox keeps. `seq` grows by one with each, from 1, and is never used again. */
export type Notification = Notice & { readonly seq: number; readonly receivedAtMs: number };

/** A call that a real Slack or PagerDuty would have refused as well. */
export type Rejection = {
  readonly receivedAtMs: number;
  readonly path: string;
  readonly problems: readonly string[];
  readonly body: unknown;
};
