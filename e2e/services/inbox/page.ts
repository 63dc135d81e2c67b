import { Html, html, time } from "./html.ts";
import { renderNotification, renderRejection } from "./messages.ts";
import type { Notification, Rejection } from "./notification.ts";

const SHOWN = 200;
const SHOWN_REFUSALS = 20;

/** What the inbox contains, as a page needs it. */
export type Holding = { readonly notifications: readonly Notification[]; readonly rejections: readonly Rejection[] };

/** Messages to people after a sequence number, newest first: an open page adds them on top. */
export function renderMessages({ notifications, rejections }: Holding, since = 0): string {
  const messages = notifications.filter(({ kind, seq }) => kind !== "webhook" && seq > since).slice(-SHOWN);
  const refused = since > 0 ? [] : rejections.slice(-SHOWN_REFUSALS);
  return [...refused.toReversed().map(renderRejection), ...messages.toReversed().map(renderNotification)]
    .map(({ text }) => text)
    .join("\n");
}

/** One line about the dead man's switch: the time of its last heartbeat. */
export function renderHeartbeat({ notifications }: Holding): string {
  const beats = notifications.filter(({ kind }) => kind === "webhook");
  const [last, before] = beats.toReversed();
  if (last === undefined) return html`<span class="beat"></span> Dead man's switch: no heartbeat yet`.text;
  const everyMs = before === undefined ? "" : String(last.receivedAtMs - before.receivedAtMs);
  return html`<span class="beat" data-at="${last.receivedAtMs}" data-every="${everyMs}"></span> Dead man's switch: last heartbeat <span class="age">${time(last.receivedAtMs)}</span>`
    .text;
}

/** The page of messages. It works without JavaScript, and updates itself with it. */
export function renderPage(holding: Holding): string {
  const messages = renderMessages(holding);
  const lastSeq = holding.notifications.at(-1)?.seq ?? 0;
  return shell(
    "Notification inbox",
    html`<header>
<h1>Notification inbox</h1>
<p class="muted">What Slack and PagerDuty would show, newest first. <a href="/runbooks/README.md">Runbooks</a> <a href="/api/notifications">JSON</a></p>
<p id="heartbeat">${raw(renderHeartbeat(holding))}</p>
</header>
<ol id="messages" class="messages" aria-live="polite" data-last="${lastSeq}">${raw(messages)}</ol>
<p class="empty muted">Nothing has arrived yet.</p>`,
  );
}

/** A page of the inbox. */
export function shell(title: string, main: Html): string {
  return html`${raw("<!doctype html>")}
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="/web/style.css">
<script type="module" src="/web/live.js"></script>
</head>
<body><main>${main}</main></body>
</html>`.text;
}

const raw = (text: string) => new Html(text);
