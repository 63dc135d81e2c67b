import { BUILT_IN_TYPES } from "mcp-orchestrator/contract";
import type { Notification } from "../../services/inbox/notification.ts";
import type { PagerDutyEvent, SlackMessage } from "../../services/inbox/payloads.ts";
import { ALWAYS_FIRING } from "../judge/expectation.ts";
import type { NoticeView } from "./oracle/view.ts";

/** Where a message begins to speak of what is over. */
const RESOLVED_PART = /\n\nResolved:\n/;
const LINK = /https?:\S+/g;

/** What a reader takes from each notification; the dead man's switch has no reader. */
export function noticesOf(notifications: readonly Notification[]): NoticeView[] {
  return notifications
    .filter(({ alertname }) => alertname !== ALWAYS_FIRING)
    .map((notification) => ({
      alert: notification.alertname ?? "",
      receiver: notification.receiver,
      status: notification.status,
      receivedAtMs: notification.receivedAtMs,
      types: typesIn(textOf(notification)),
      pages: notification.kind === "pagerduty",
    }));
}

/** The task types that a text names outside of its links. */
export function typesIn(text: string): string[] {
  const words = new Set(text.replaceAll(LINK, "").split(/[^a-z]+/));
  return BUILT_IN_TYPES.filter((type) => words.has(type));
}

function textOf({ kind, summary, body }: Notification): string {
  if (kind === "pagerduty") return `${summary} ${(body as PagerDutyEvent).payload?.custom_details?.firing ?? ""}`;
  if (kind === "webhook") return summary;
  const { text = "", attachments = [] } = body as SlackMessage;
  const whole = [text, ...attachments.map((one) => `${one.title ?? ""} ${one.text ?? ""}`)].join("\n");
  return whole.split(RESOLVED_PART)[0] ?? "";
}
