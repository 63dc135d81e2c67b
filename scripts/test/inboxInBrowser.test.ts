import { afterAll, beforeAll, expect, test } from "vitest";
import { violationsIn } from "../../dashboards/test/support/axe.ts";
import { startBrowser } from "../../dashboards/test/support/browser.ts";
import { startInbox } from "../../e2e/services/inbox/server.ts";

/** Every kind of page that the inbox has, in both themes, on a desktop and on a phone. */

const SIZES = [
  { width: 1000, height: 800 },
  { width: 390, height: 844 },
];

const inbox = await startInbox();
let browser: Awaited<ReturnType<typeof startBrowser>>;

const send = (body: unknown) =>
  fetch(`${inbox.url}/slack/slack-critical`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
const message = (title: string, color: string) =>
  send({
    channel: "#alerts-critical",
    attachments: [{ title, text: "*650 messages* <http://localhost/runbook|Runbook>", color }],
  });

beforeAll(async () => {
  browser = await startBrowser();
  await message("[FIRING] QueueDepthSpike ml", "danger");
  await message("[RESOLVED] QueueDepthSpike ml", "good");
  await send({ nothing: "that Slack would accept" });
});
afterAll(async () => {
  await browser.close();
  await inbox[Symbol.asyncDispose]();
});

test.each(
  ["light", "dark"].flatMap((theme) =>
    ["/", "/runbooks/QueueDepthSpike.md", "/runbooks/README.md"].map((path) => ({ theme, path })),
  ),
)("$path in the $theme theme: axe finds no problem, and nothing is wider than the screen", async ({ theme, path }) => {
  for (const viewport of SIZES) {
    const page = await browser.newPage({ viewport, colorScheme: theme as "light" | "dark" });
    try {
      expect((await page.goto(`${inbox.url}${path}`))?.status()).toBe(200);
      expect(await violationsIn(page)).toEqual([]);
      const width = await page.evaluate("document.documentElement.scrollWidth");
      expect(width).toBeLessThanOrEqual(viewport.width);
    } finally {
      await page.close();
    }
  }
});

test("a message that arrives leaves open what is open, and shows the reader's time", async () => {
  const page = await browser.newPage({ locale: "de-DE", timezoneId: "Asia/Tokyo" });
  try {
    await page.goto(inbox.url);
    const before = await page.locator(".message").count();
    await page.locator(".message details summary").first().click();
    await message("[FIRING] HighConsumerLag ml", "warning");
    await page.locator(".message", { hasText: "HighConsumerLag" }).waitFor();
    expect(await page.locator(".message").count()).toBe(before + 1);
    expect(await page.locator(".message details[open]").count()).toBe(1);
    const received = page.locator(".message footer time").first();
    const at = new Date((await received.getAttribute("datetime")) ?? "");
    expect(await received.innerText()).toBe(at.toLocaleTimeString("de-DE", { timeZone: "Asia/Tokyo" }));
  } finally {
    await page.close();
  }
});

test("messages that arrive at once are shown once each", async () => {
  const page = await browser.newPage();
  try {
    await page.goto(inbox.url);
    await message("[FIRING] The page is listening", "danger");
    await page.locator(".message", { hasText: "The page is listening" }).waitFor();
    await Promise.all(Array.from({ length: 5 }, () => message("[FIRING] At once", "danger")));
    await message("[FIRING] The last", "danger");
    await page.locator(".message", { hasText: "The last" }).first().waitFor();
    expect(await page.locator(".message", { hasText: "At once" }).count()).toBe(5);
  } finally {
    await page.close();
  }
});

test.each([
  ["localhost", () => {}],
  // What a browser has on another host without TLS.
  ["another host", () => Object.defineProperty(navigator, "clipboard", { value: undefined })],
])("the button beside a command copies it on %s", async (_, prepare) => {
  const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
  try {
    const page = await context.newPage();
    await page.addInitScript(prepare);
    await page.goto(`${inbox.url}/runbooks/QueueDepthSpike.md`);
    const block = page.locator(".code").nth(1);
    await block.getByRole("button", { name: "Copy" }).click();
    await block.getByRole("button", { name: "Copied" }).waitFor();
    const other = await context.newPage();
    await other.goto(inbox.url);
    const copied = await other.evaluate("navigator.clipboard.readText()");
    expect(copied).toBe(await block.locator("code").textContent());
  } finally {
    await context.close();
  }
});
