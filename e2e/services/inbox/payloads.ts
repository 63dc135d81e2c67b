import { z } from "zod";
import type { Notice } from "./notification.ts";

/**
 * The parts of Slack's incoming-webhook message that Alertmanager uses, as strict as Slack: a message needs a text, or
 * an attachment with content.
 */
const slackMessage = z
  .looseObject({
    channel: z.string().optional(),
    username: z.string().optional(),
    text: z.string().optional(),
    attachments: z
      .array(
        z
          .looseObject({
            title: z.string().optional(),
            title_link: z.union([z.literal(""), z.url()]).optional(),
            text: z.string().optional(),
            fallback: z.string().optional(),
            color: z.string().optional(),
            fields: z
              .array(z.looseObject({ title: z.string(), value: z.string(), short: z.boolean().optional() }))
              .optional(),
            actions: z
              .array(z.looseObject({ type: z.string(), text: z.string(), url: z.string().optional() }))
              .max(5)
              .optional(),
          })
          .refine(({ title, text, fallback }) => Boolean(title || text || fallback), "no_text"),
      )
      .max(100)
      .optional(),
  })
  .refine(({ text, attachments }) => Boolean(text) || (attachments ?? []).length > 0, "no_text");

/** An accepted message. */
export type SlackMessage = z.infer<typeof slackMessage>;

/** PagerDuty Events API v2; the limits are PagerDuty's. */
const pagerDutyEvent = z
  .looseObject({
    routing_key: z.string().length(32),
    event_action: z.enum(["trigger", "acknowledge", "resolve"]),
    dedup_key: z.string().min(1).max(255).optional(),
    client: z.string().optional(),
    client_url: z.string().optional(),
    links: z.array(z.looseObject({ href: z.url(), text: z.string().optional() })).optional(),
    payload: z
      .looseObject({
        summary: z.string().min(1).max(1024),
        source: z.string().min(1),
        severity: z.enum(["critical", "error", "warning", "info"]),
        timestamp: z.string().optional(),
        component: z.string().optional(),
        group: z.string().optional(),
        class: z.string().optional(),
        custom_details: z.record(z.string(), z.unknown()).optional(),
      })
      .optional(),
  })
  .refine(({ event_action, payload }) => event_action !== "trigger" || payload !== undefined, {
    path: ["payload"],
    message: "required to trigger",
  })
  .refine(({ event_action, dedup_key }) => event_action === "trigger" || dedup_key !== undefined, {
    path: ["dedup_key"],
    message: "required to acknowledge or resolve",
  });

/** An accepted event. */
export type PagerDutyEvent = z.infer<typeof pagerDutyEvent>;

/** Alertmanager's webhook, version 4. */
const alertmanagerWebhook = z.looseObject({
  version: z.literal("4"),
  status: z.enum(["firing", "resolved"]),
  receiver: z.string(),
  alerts: z.array(z.looseObject({ status: z.string(), labels: z.record(z.string(), z.string()) })).min(1),
});

/** The start of a title in the templates: `[FIRING] QueueDepthSpike ...`, with or without a count in the brackets. */
const TITLE = /^\[(FIRING|RESOLVED)(?::\d+)?\]\s*([A-Za-z_][A-Za-z0-9_]*)?/;

/** A body that the receiver rejects; `problems` names each wrong field. */
export class PayloadError extends Error {
  readonly code = "PAYLOAD_REFUSED";
  readonly problems: readonly string[];

  constructor(error: z.ZodError) {
    const problems = error.issues.map((issue) => `${issue.path.map(String).join(".") || "body"}: ${issue.message}`);
    super(problems.join("; "));
    this.name = "PayloadError";
    this.problems = problems;
  }
}

/**
 * Reads a message to a Slack incoming webhook.
 *
 * @param receiver the receiver of that webhook
 * @throws {PayloadError}
 */
export function readSlack(receiver: string, body: unknown): Notice {
  const message = parse(slackMessage, body);
  const attachment = message.attachments?.[0];
  const title = attachment?.title || message.text || attachment?.fallback || attachment?.text || "";
  const [, status, alertname] = TITLE.exec(title) ?? [];
  return {
    receiver,
    kind: "slack",
    status: status === "RESOLVED" ? "resolved" : "firing",
    ...(alertname === undefined ? {} : { alertname }),
    summary: title,
    body,
  };
}

/**
 * Reads a PagerDuty event.
 *
 * @throws {PayloadError}
 */
export function readPagerDuty(body: unknown): Notice {
  const event = parse(pagerDutyEvent, body);
  const summary = event.payload?.summary ?? event.dedup_key ?? "";
  // The routing puts the alert's name into PagerDuty's "class or type of the event".
  const alertname = event.payload?.class;
  return {
    receiver: "pagerduty",
    kind: "pagerduty",
    status: event.event_action === "resolve" ? "resolved" : "firing",
    ...(alertname === undefined ? {} : { alertname }),
    summary,
    body,
  };
}

/**
 * Reads an Alertmanager webhook, which the dead man's switch uses.
 *
 * @throws {PayloadError}
 */
export function readWebhook(receiver: string, body: unknown): Notice {
  const message = parse(alertmanagerWebhook, body);
  const names = [...new Set(message.alerts.map(({ labels }) => labels.alertname ?? "?"))];
  const only = names.length === 1 ? names[0] : undefined;
  return {
    receiver,
    kind: "webhook",
    status: message.status,
    ...(only === undefined ? {} : { alertname: only }),
    summary: `[${message.status.toUpperCase()}] ${names.join(", ")}`,
    body,
  };
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (!result.success) throw new PayloadError(result.error);
  return result.data;
}
