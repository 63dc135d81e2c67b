import { type AlertName, alertNamed } from "@mcp-orchestrator/alerts";
import { z } from "zod";
import type { Notification } from "../../services/inbox/notification.ts";

/** Something in a message that the person who gets it would miss. */
export type MessageProblem = { readonly expected: string; readonly observed: string };

const slackBody = z.object({
  attachments: z
    .array(
      z.object({
        title: z.string(),
        title_link: z.string(),
        text: z.string(),
        color: z.string(),
        actions: z.array(z.object({ text: z.string(), url: z.string() })),
      }),
    )
    .length(1),
});

const pagerDutyBody = z.object({
  dedup_key: z.string().min(1),
  payload: z.object({ summary: z.string(), severity: z.string(), class: z.string() }),
  links: z.array(z.object({ href: z.string(), text: z.string() })),
});

const COLORS: Readonly<Record<string, string>> = { critical: "danger", warning: "warning" };

/**
 * What a message to people lacks: severity, runbook, dashboard and silence links, a text in human words.
 *
 * @param message a notification as the inbox kept it; those to the dead man's switch are for a machine and not looked at
 */
export function problemsOf(message: Notification): MessageProblem[] {
  if (message.kind === "webhook") return [];
  if (message.alertname === undefined) return [{ expected: "an alert's name", observed: message.summary }];
  const alert = alertNamed(message.alertname as AlertName);
  return message.kind === "slack" ? slackProblems(message, alert) : pagerDutyProblems(message, alert);
}

type Named = { readonly name: string; readonly severity: string };

function slackProblems({ body, status }: Notification, alert: Named): MessageProblem[] {
  const parsed = slackBody.safeParse(body);
  if (!parsed.success) return [{ expected: "title, text, colour and links", observed: z.prettifyError(parsed.error) }];
  const attachment = parsed.data.attachments[0];
  if (attachment === undefined) return [];
  const color = status === "resolved" ? "good" : (COLORS[alert.severity] ?? "");
  return [
    ...unless(attachment.color === color, `colour ${color}`, attachment.color),
    ...unless(
      attachment.title.startsWith(`[${status.toUpperCase()}] ${alert.name}`),
      "status and name",
      attachment.title,
    ),
    ...unless(isRunbook(attachment.title_link, alert), "a title that links to the runbook", attachment.title_link),
    ...linkProblems(
      attachment.actions.map(({ text, url }) => ({ text, href: url })),
      alert,
    ),
    ...textProblems(attachment.text),
  ];
}

function pagerDutyProblems({ body }: Notification, alert: Named): MessageProblem[] {
  const parsed = pagerDutyBody.safeParse(body);
  if (!parsed.success) return [{ expected: "a complete event", observed: z.prettifyError(parsed.error) }];
  const { payload, links } = parsed.data;
  return [
    ...unless(payload.severity === alert.severity, `severity ${alert.severity}`, payload.severity),
    ...unless(payload.class === alert.name, `class ${alert.name}`, payload.class),
    ...linkProblems(links, alert),
    ...textProblems(payload.summary),
  ];
}

function linkProblems(links: readonly { readonly text: string; readonly href: string }[], alert: Named) {
  const href = (text: string) => links.find((link) => link.text === text)?.href ?? "no such link";
  return [
    ...unless(isRunbook(href("Runbook"), alert), `a link to the runbook of ${alert.name}`, href("Runbook")),
    ...unless(/^https?:\/\/.+\/d\/.+/.test(href("Dashboard")), "a link to a dashboard's panel", href("Dashboard")),
    ...unless(/\/#\/silences\/new\?filter=/.test(href("Silence")), "a link that silences it", href("Silence")),
  ];
}

function isRunbook(url: string, { name }: Named): boolean {
  return /^https?:\/\//.test(url) && new URL(url).pathname.endsWith(`/${name}.md`);
}

/** A template that was not filled in leaves these behind. */
function textProblems(text: string): MessageProblem[] {
  return unless(text.trim() !== "" && !/<no value>|\{\{|%!|NaN/.test(text), "a text with its values filled in", text);
}

function unless(holds: boolean, expected: string, observed: string): MessageProblem[] {
  return holds ? [] : [{ expected, observed: JSON.stringify(observed) }];
}
