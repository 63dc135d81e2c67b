import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Notification } from "./notification.ts";
import { type Inbox, startInbox } from "./server.ts";

const slack = (title: string) => ({
  channel: "#alerts-critical",
  attachments: [{ title, text: "text", color: "danger" }],
});
const event = (action: string) => ({
  routing_key: "0123456789abcdef0123456789abcdef",
  event_action: action,
  dedup_key: "a-key",
  payload: {
    summary: "No worker consumes",
    source: "alertmanager",
    severity: "critical",
    class: "NoActiveWorkers",
  },
});

let inbox: Inbox;
beforeEach(async () => {
  inbox = await startInbox();
});
afterEach(() => inbox[Symbol.asyncDispose]());

const post = (path: string, body: unknown) =>
  fetch(`${inbox.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

describe("receivers", () => {
  test("a Slack message is answered as Slack does and classified by path and title", async () => {
    const answer = await post("/slack/slack-critical", slack("[FIRING] QueueDepthSpike reasoning"));
    expect([answer.status, await answer.text()]).toEqual([200, "ok"]);
    await post("/slack/slack-critical", slack("[RESOLVED:2] QueueDepthSpike reasoning"));
    expect(inbox.store.list().map(({ receiver, status, alertname }) => [receiver, status, alertname])).toEqual([
      ["slack-critical", "firing", "QueueDepthSpike"],
      ["slack-critical", "resolved", "QueueDepthSpike"],
    ]);
  });

  test("PagerDuty events are answered with 202 and their dedup key", async () => {
    const answer = await post("/pagerduty/v2/enqueue", event("trigger"));
    expect(answer.status).toBe(202);
    expect(await answer.json()).toMatchObject({ status: "success", dedup_key: "a-key" });
    await post("/pagerduty/v2/enqueue", event("resolve"));
    expect(inbox.store.list()).toMatchObject([
      { receiver: "pagerduty", status: "firing", alertname: "NoActiveWorkers" },
      { receiver: "pagerduty", status: "resolved", alertname: "NoActiveWorkers" },
    ]);
  });

  test("the dead man's switch takes Alertmanager's webhook", async () => {
    const body = {
      version: "4",
      status: "firing",
      receiver: "deadman",
      alerts: [{ status: "firing", labels: { alertname: "Watchdog" } }],
    };
    expect((await post("/deadman", body)).status).toBe(204);
    expect(inbox.store.list()).toMatchObject([{ receiver: "deadman", alertname: "Watchdog" }]);
  });

  test.each([
    ["/slack/slack-critical", { attachments: [] }],
    ["/slack/slack-critical", { attachments: [{ color: "danger" }] }],
    ["/slack/slack-critical", [1]],
    ["/pagerduty/v2/enqueue", { ...event("trigger"), routing_key: "short" }],
    ["/pagerduty/v2/enqueue", { ...event("trigger"), payload: undefined }],
    ["/pagerduty/v2/enqueue", { ...event("resolve"), dedup_key: undefined }],
    ["/pagerduty/v2/enqueue", { ...event("trigger"), payload: { ...event("trigger").payload, severity: "page" } }],
    ["/deadman", { version: "4", status: "firing", receiver: "deadman", alerts: [] }],
  ])("%s refuses a body that the real one would refuse (%#)", async (path, body) => {
    expect((await post(path, body)).status).toBe(400);
    expect(inbox.store.list()).toEqual([]);
    expect(inbox.store.rejected()).toMatchObject([{ path, problems: [expect.any(String)] }]);
  });
});

describe("views", () => {
  test("the API lists what came after a sequence number, and forgets on demand without using one twice", async () => {
    await post("/slack/a", slack("[FIRING] One"));
    await post("/slack/a", slack("[FIRING] Two"));
    const after = (await (await fetch(`${inbox.url}/api/notifications?since=1`)).json()) as Notification[];
    expect(after.map(({ seq, alertname }) => [seq, alertname])).toEqual([[2, "Two"]]);
    expect((await fetch(`${inbox.url}/api/notifications?since=x`)).status).toBe(400);
    await fetch(`${inbox.url}/api/notifications`, { method: "DELETE" });
    await post("/slack/a", slack("[FIRING] Three"));
    expect(inbox.store.list().map(({ seq }) => seq)).toEqual([3]);
  });

  test("the page shows what arrived and takes no markup from it", async () => {
    await post("/slack/a", slack("[FIRING] One <img src=x onerror=alert(1)>"));
    const page = await (await fetch(inbox.url)).text();
    expect(page).toContain("FIRING");
    expect(page).toContain("&lt;img src=x");
    expect(page).not.toContain("<img");
  });

  test("an open page receives each arrival", async () => {
    const response = await fetch(`${inbox.url}/events`);
    const reader = response.body?.getReader();
    await reader?.read();
    await post("/slack/a", slack("[FIRING] One"));
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("data: 1\n\n");
    await reader?.cancel();
  });
});

describe("waiting", () => {
  test("finds what is there and what is still to come", async () => {
    const named = (name: string) => (item: Notification) => item.alertname === name;
    const coming = inbox.waitFor(named("Two"), { timeoutMs: 5_000 });
    await post("/slack/a", slack("[FIRING] One"));
    await post("/slack/a", slack("[FIRING] Two"));
    expect((await coming).seq).toBe(2);
    expect((await inbox.waitFor(named("One"), { timeoutMs: 5_000 })).seq).toBe(1);
  });

  test("gives up at its deadline and says what it saw instead", async () => {
    await post("/slack/slack-warnings", slack("[FIRING] Other"));
    const waiting = inbox.waitFor(() => false, { timeoutMs: 20, what: "page for QueueDepthSpike" });
    await expect(waiting).rejects.toThrow(
      /page for QueueDepthSpike.*20 ms.*\n.*slack-warnings firing: \[FIRING\] Other/s,
    );
  });
});

test("the runbook that an alert links to is served", async () => {
  const page = await fetch(`${inbox.url}/runbooks/QueueDepthSpike.md`);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain("# QueueDepthSpike");
  expect((await fetch(`${inbox.url}/runbooks/Nothing.md`)).status).toBe(404);
});
