/** The API that a notification was sent to: Slack's incoming webhook, PagerDuty Events v2, Alertmanager's webhook. */
type NotificationKind = "slack" | "pagerduty" | "webhook";

/** The status in the message. */
export type NotificationStatus = "firing" | "resolved";

/** The content of one call to a receiver. */
export type Notice = {
  /** Alertmanager's receiver, by the path that was called. */
  readonly receiver: string;
  readonly kind: NotificationKind;
  readonly status: NotificationStatus;
  /** Absent if the message does not have it where the templates put it. */
  readonly alertname?: string;
  /** One line for people. */
  readonly summary: string;
  /** The raw content. */
  readonly body: unknown;
};

/** A notification in the inbox. `seq` starts at 1, grows by one, and is never reused. */
export type Notification = Notice & { readonly seq: number; readonly receivedAtMs: number };

/** A call that Slack or PagerDuty would have rejected. */
export type Rejection = {
  readonly receivedAtMs: number;
  readonly path: string;
  readonly problems: readonly string[];
  readonly body: unknown;
};
