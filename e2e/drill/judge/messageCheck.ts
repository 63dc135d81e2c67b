import { type AlertName, alertNamed, BUNDLE, type Bundle } from "@mcp-orchestrator/alerts";
import { z } from "zod";
import type { Notification } from "../../services/inbox/notification.ts";

/** Something that a message lacks. */
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
 * What a message to people lacks: severity, readable text, links to runbook, dashboard and silence.
 *
 * @param message a notification as the inbox kept it; those to the dead man's switch are not checked
 * @param links of the installation; a missing one is replaced by Prometheus' page of the alert
 */
export function problemsOf(message: Notification, links: Links = BUNDLE.links): MessageProblem[] {
  if (message.kind === "webhook") return [];
  if (message.alertname === undefined) return [{ expected: "an alert's name", observed: message.summary }];
  const alert = alertNamed(message.alertname as AlertName);
  return message.kind === "slack" ? slackProblems(message, alert, links) : pagerDutyProblems(message, alert, links);
}

type Named = { readonly name: string; readonly severity: string };
type Links = Pick<Bundle["links"], "runbooks" | "dashboards">;

function slackProblems({ body, status }: Notification, alert: Named, links: Links): MessageProblem[] {
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
    ...unless(
      isRunbook(attachment.title_link, alert, links),
      "a title that links to the runbook",
      attachment.title_link,
    ),
    ...linkProblems(
      attachment.actions.map(({ text, url }) => ({ text, href: url })),
      alert,
      links,
    ),
    ...textProblems(attachment.text),
  ];
}

function pagerDutyProblems({ body }: Notification, alert: Named, links: Links): MessageProblem[] {
  const parsed = pagerDutyBody.safeParse(body);
  if (!parsed.success) return [{ expected: "a complete event", observed: z.prettifyError(parsed.error) }];
  const { payload, links: sent } = parsed.data;
  return [
    ...unless(payload.severity === alert.severity, `severity ${alert.severity}`, payload.severity),
    ...unless(payload.class === alert.name, `class ${alert.name}`, payload.class),
    ...linkProblems(sent, alert, links),
    ...textProblems(payload.summary),
  ];
}

function linkProblems(
  sent: readonly { readonly text: string; readonly href: string }[],
  alert: Named,
  links: Links,
): MessageProblem[] {
  const href = (text: string) => sent.find((link) => link.text === text)?.href ?? "no such link";
  const isDashboard =
    links.dashboards === undefined ? isPrometheus : (url: string) => /^https?:\/\/.+\/d\/.+/.test(url);
  return [
    ...unless(isRunbook(href("Runbook"), alert, links), `a link to the runbook of ${alert.name}`, href("Runbook")),
    ...unless(isDashboard(href("Dashboard")), "a link to a dashboard's panel", href("Dashboard")),
    ...unless(/\/#\/silences\/new\?filter=/.test(href("Silence")), "a link that silences it", href("Silence")),
  ];
}

function isPrometheus(url: string): boolean {
  return /^https?:\/\/.+\/graph\?g0\.expr=/.test(url);
}

function isRunbook(url: string, { name }: Named, { runbooks }: Links): boolean {
  if (runbooks === undefined) return isPrometheus(url);
  return /^https?:\/\//.test(url) && new URL(url).pathname.endsWith(`/${name}.md`);
}

/** What a template leaves if a value is missing. */
function textProblems(text: string): MessageProblem[] {
  return unless(text.trim() !== "" && !/<no value>|\{\{|%!|NaN/.test(text), "a text with its values filled in", text);
}

function unless(holds: boolean, expected: string, observed: string): MessageProblem[] {
  return holds ? [] : [{ expected, observed: JSON.stringify(observed) }];
}
