import type { Notification, Rejection } from "./notification.ts";

const SHOWN = 200;

/** The rows alone: what the page fetches again when something arrives. */
export function renderRows(notifications: readonly Notification[], rejections: readonly Rejection[]): string {
  const rows = notifications.slice(-SHOWN).reverse().map(renderNotification);
  const refused = rejections.slice(-20).reverse().map(renderRejection);
  if (rows.length + refused.length === 0) {
    return '<p class="empty">Nothing has arrived yet. Alerts that fire show up here as Slack and PagerDuty would get them.</p>';
  }
  return `${refused.join("")}<ol reversed class="list">${rows.join("")}</ol>`;
}

/** The whole page; it works without JavaScript and follows along where there is some. */
export function renderPage(notifications: readonly Notification[], rejections: readonly Rejection[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Notification inbox</title>
<style>
  :root { color-scheme: light dark; --firing: #b42318; --resolved: #067647; --muted: #667085; }
  @media (prefers-color-scheme: dark) { :root { --firing: #fda29b; --resolved: #75e0a7; --muted: #98a2b3; } }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
  h1 { margin-bottom: 0; }
  .muted, .empty, time { color: var(--muted); }
  .list { list-style: none; padding: 0; }
  .list > li, .refused { border-inline-start: .3rem solid var(--muted); padding: .25rem 1rem; margin: 1rem 0; }
  .list > li.firing, .refused { border-color: var(--firing); }
  .list > li.resolved { border-color: var(--resolved); }
  .status { font-weight: 700; }
  .firing .status, .refused .status { color: var(--firing); }
  .resolved .status { color: var(--resolved); }
  pre { overflow-x: auto; font-size: .8rem; }
</style>
</head>
<body>
<main>
<h1>Notification inbox</h1>
<p class="muted">Stands in for Slack, PagerDuty and the dead man's switch. Newest first. <a href="/api/notifications">JSON</a></p>
<div id="rows" aria-live="polite">${renderRows(notifications, rejections)}</div>
</main>
<script type="module">
  const rows = document.querySelector("#rows");
  const refresh = async () => { rows.innerHTML = await (await fetch("/rows")).text(); };
  const events = new EventSource("/events");
  events.onmessage = refresh;
  events.onopen = refresh;
</script>
</body>
</html>`;
}

function renderNotification(item: Notification): string {
  const at = new Date(item.receivedAtMs).toISOString();
  return `<li class="${item.status}" value="${item.seq}">
<span class="status">${item.status.toUpperCase()}</span> <strong>${escapeHtml(item.alertname ?? "unnamed")}</strong>
to <b>${escapeHtml(item.receiver)}</b> <time datetime="${at}">${at}</time>
<div>${escapeHtml(item.summary)}</div>
<details><summary>What was sent</summary><pre tabindex="0">${escapeHtml(JSON.stringify(item.body, null, 2))}</pre></details>
</li>`;
}

function renderRejection(item: Rejection): string {
  const at = new Date(item.receivedAtMs).toISOString();
  return `<section class="refused"><span class="status">REFUSED</span> ${escapeHtml(item.path)} <time datetime="${at}">${at}</time>
<div>${escapeHtml(item.problems.join("; "))}</div></section>`;
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
