import { type Html, html, link, time } from "./html.ts";
import { mrkdwn } from "./mrkdwn.ts";
import type { Notification, Rejection } from "./notification.ts";
import type { PagerDutyEvent, SlackMessage } from "./payloads.ts";

/** A notification as its receiver shows it, with the raw content. */
export function renderNotification(item: Notification): Html {
  const { seq, kind, status, receivedAtMs, body } = item;
  return html`<li class="message ${kind} ${status}" data-seq="${seq}">
${kind === "slack" ? slack(item, body as SlackMessage) : kind === "pagerduty" ? pagerDuty(body as PagerDutyEvent) : html`<p>${item.summary}</p>`}
<footer>${item.receiver}, received ${time(receivedAtMs)}
<details><summary>What was sent</summary><pre tabindex="0">${JSON.stringify(body, null, 2)}</pre></details></footer>
</li>`;
}

/** A message that the real receiver would have rejected. */
export function renderRejection({ path, problems, receivedAtMs }: Rejection): Html {
  return html`<li class="message refused"><p><b>REJECTED</b> at ${path}, ${time(receivedAtMs)}: ${problems.join("; ")}</p></li>`;
}

function slack({ summary }: Notification, { channel, username, text, attachments = [] }: SlackMessage): Html {
  return html`<p class="from"><b>${username ?? "webhook"}</b> <span class="app">APP</span> <span class="channel">${channel}</span></p>
${text === undefined ? undefined : html`<p>${mrkdwn(text)}</p>`}
${attachments.map(
  ({
    title = summary,
    title_link: href = "",
    text: body = "",
    color = "",
    actions = [],
  }) => html`<div class="attachment ${color}">
<h2>${link(href, title)}</h2>
<p>${mrkdwn(body)}</p>
${buttons(actions.map(({ text: label, url = "" }) => ({ label, href: url })))}
</div>`,
)}`;
}

function pagerDuty({
  event_action: action,
  dedup_key: key,
  payload,
  links = [],
  client_url: client = "",
}: PagerDutyEvent): Html {
  // The detail that says what the message is about.
  const about = action === "resolve" ? "resolved" : "firing";
  const details = Object.entries(payload?.custom_details ?? {});
  return html`<p class="from"><b>PagerDuty</b> <span class="channel">${action === "resolve" ? "incident resolved" : "incident triggered"}</span></p>
<div class="attachment ${action === "resolve" ? "good" : payload?.severity === "critical" ? "danger" : "warning"}">
<h2>${payload?.summary ?? key}</h2>
<p class="facts">${[payload?.severity, payload?.class, payload?.component, payload?.group].filter((fact) => fact !== undefined).join(" · ")}</p>
${details.map(([name, value]) => html`<details ${name === about ? "open" : ""}><summary>${name}</summary><pre tabindex="0">${typeof value === "string" ? value : JSON.stringify(value, null, 2)}</pre></details>`)}
${buttons([...links.map(({ href, text = href }) => ({ label: text, href })), { label: "Client", href: client }])}
</div>`;
}

function buttons(all: readonly { readonly label: string; readonly href: string }[]): Html | undefined {
  const real = all.filter(({ href }) => href !== "");
  return real.length === 0
    ? undefined
    : html`<p class="buttons">${real.map(({ label, href }) => link(href, label, "button"))}</p>`;
}
