import { BUNDLE, PREAMBLES } from "@mcp-orchestrator/alerts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { escapeHtml } from "./html.ts";
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
  test("the API lists messages after a sequence number; a cleared inbox does not reuse numbers", async () => {
    await post("/slack/a", slack("[FIRING] One"));
    await post("/slack/a", slack("[FIRING] Two"));
    const after = (await (await fetch(`${inbox.url}/api/notifications?since=1`)).json()) as Notification[];
    expect(after.map(({ seq, alertname }) => [seq, alertname])).toEqual([[2, "Two"]]);
    expect((await fetch(`${inbox.url}/api/notifications?since=x`)).status).toBe(400);
    await fetch(`${inbox.url}/api/notifications`, { method: "DELETE" });
    await post("/slack/a", slack("[FIRING] Three"));
    expect(inbox.store.list().map(({ seq }) => seq)).toEqual([3]);
  });

  test("the page shows messages with their markup escaped", async () => {
    await post("/slack/a", slack("[FIRING] One <img src=x onerror=alert(1)>"));
    const page = await (await fetch(inbox.url)).text();
    expect(page).toContain("FIRING");
    expect(page).toContain("&lt;img src=x");
    expect(page).not.toContain("<img");
  });

  test("a Slack message is shown as Slack shows it: colour, bold words, times, links and buttons", async () => {
    const text = "*Queue is deep*\n&lt;b&gt; since <!date^1577934245^{date_short_pretty}|2020-01-02 03:04:05 UTC>";
    const attachment = { ...slack("[FIRING] Deep").attachments[0], title_link: "https://runbooks.example/Deep", text };
    const actions = [
      { type: "button", text: "Silence", url: "https://alerts.example/#/silences" },
      { type: "button", text: "Bad", url: "javascript:alert(1)" },
    ];
    await post("/slack/slack-critical", { channel: "#c", username: "AM", attachments: [{ ...attachment, actions }] });
    const page = await (await fetch(inbox.url)).text();
    expect(page).toContain('class="attachment danger"');
    expect(page).toContain('href="https://runbooks.example/Deep" target="_blank" rel="noreferrer">[FIRING] Deep</a>');
    expect(page).toContain("<b>Queue is deep</b><br>&lt;b&gt; since");
    expect(page).toContain('<time datetime="2020-01-02T03:04:05.000Z">');
    expect(page).toContain('href="https://alerts.example/#/silences"');
    expect(page).not.toContain('href="javascript');
  });

  test("a PagerDuty event is shown as an incident, with its details and links", async () => {
    const links = [{ href: "https://runbooks.example/NoActiveWorkers", text: "Runbook" }];
    const payload = { ...event("trigger").payload, custom_details: { firing: "* No worker" } };
    await post("/pagerduty/v2/enqueue", { ...event("trigger"), links, payload });
    const page = await (await fetch(inbox.url)).text();
    expect(page).toContain("incident triggered");
    expect(page).toContain("<h2>No worker consumes</h2>");
    expect(page).toContain("* No worker");
    expect(page).toContain('href="https://runbooks.example/NoActiveWorkers"');
  });

  test("heartbeats are one line with the last one's time, not messages", async () => {
    const beat = { version: "4", status: "firing", receiver: "deadman" };
    const alerts = [{ status: "firing", labels: { alertname: "Watchdog" } }];
    expect(await (await fetch(inbox.url)).text()).toContain("no heartbeat yet");
    for (let i = 0; i < 3; i += 1) await post("/deadman", { ...beat, alerts });
    const page = await (await fetch(inbox.url)).text();
    expect(page.match(/last heartbeat/g)).toHaveLength(1);
    expect(page).toMatch(/data-at="\d+" data-every="\d+"/);
    expect(page).not.toContain('class="message ');
  });

  test("an open page requests only new messages", async () => {
    await post("/slack/a", slack("[FIRING] One"));
    await post("/slack/a", slack("[FIRING] Two"));
    const added = (await (await fetch(`${inbox.url}/messages?since=1`)).json()) as { last: number; html: string };
    expect(added.last).toBe(2);
    expect(added.html).toContain("Two");
    expect(added.html).not.toContain("One");
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
  test("finds messages that have arrived, and later ones", async () => {
    const named = (name: string) => (item: Notification) => item.alertname === name;
    const coming = inbox.waitFor(named("Two"), { timeoutMs: 5_000 });
    await post("/slack/a", slack("[FIRING] One"));
    await post("/slack/a", slack("[FIRING] Two"));
    expect((await coming).seq).toBe(2);
    expect((await inbox.waitFor(named("One"), { timeoutMs: 5_000 })).seq).toBe(1);
  });

  test("fails at its deadline and reports what it saw", async () => {
    await post("/slack/slack-warnings", slack("[FIRING] Other"));
    const waiting = inbox.waitFor(() => false, { timeoutMs: 20, what: "page for QueueDepthSpike" });
    await expect(waiting).rejects.toThrow(
      /page for QueueDepthSpike.*20 ms.*\n.*slack-warnings firing: \[FIRING\] Other/s,
    );
  });
});

describe("runbooks", () => {
  const page = async (name: string) => (await fetch(`${inbox.url}/runbooks/${name}`)).text();

  test("are pages with commands that can be copied and links that work", async () => {
    const text = await page("QueueDepthSpike.md");
    expect(text).toContain("<h1>QueueDepthSpike</h1>");
    expect(text).toMatch(
      /<button type="button" class="button copy">Copy<\/button><pre tabindex="0"><code>(export SCOPE.*\n)*export TYPE/,
    );
    const hrefs = [...text.matchAll(/href="([^"]+)"/g)].map(([, href]) => href ?? "");
    const inside = hrefs.filter((href) => !/^https?:/.test(href));
    expect(inside.length).toBeGreaterThan(3);
    for (const href of inside) {
      const answer = await fetch(new URL(href, `${inbox.url}/runbooks/QueueDepthSpike.md`));
      expect([href, answer.status]).toEqual([href, 200]);
    }
    expect((await fetch(`${inbox.url}/runbooks/Nothing.md`)).status).toBe(404);
  });

  test("have the commands, the addresses and the links of the stack that the alerts come from", async () => {
    const other = BUNDLE.deployment === "compose" ? "native" : "compose";
    const [own, others] = ([BUNDLE.deployment, other] as const).map((form) =>
      escapeHtml(PREAMBLES[form].split("\n").at(-1) ?? ""),
    );
    const configured = await page("NoActiveWorkers.md");
    expect([configured.includes(own ?? ""), configured.includes(others ?? "")]).toEqual([true, false]);
    inbox.showRunbooksFor({
      deployment: other,
      links: { prometheus: "http://127.0.0.1:12345" },
      environment: { MCP_ORCHESTRATOR_URL: "http://127.0.0.1:12346" },
    });
    const text = await page("NoActiveWorkers.md");
    expect([text.includes(own ?? ""), text.includes(others ?? "")]).toEqual([false, true]);
    expect(text).toContain("export MCP_ORCHESTRATOR_URL=&quot;http://127.0.0.1:12346&quot;");
    expect(text).toContain('href="http://127.0.0.1:12345/alerts"');
  });
});
