import type { TestPrometheus } from "@mcp-orchestrator/e2e/testkit/servers/prometheus";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DASHBOARDS, type Preview, panelsOf, startPreview } from "../src/index.ts";
import { panels } from "../src/lint/rule.ts";
import { GRID_COLUMNS } from "../src/model/layout.ts";
import { classicDashboard } from "../src/render/classic.ts";
import { violationsIn } from "./support/axe.ts";
import { startBrowser } from "./support/browser.ts";
import { startRecordedPrometheus } from "./support/prometheus.ts";

const DESKTOP = { width: 1500, height: 1000 };
const RANGE = "from=now-2h&to=now&refresh=";
let prometheus: TestPrometheus;
let preview: Preview;
let browser: Browser;
/** One page for all tests, because a new one takes longer than a test. */
let shared: Page;

beforeAll(async () => {
  prometheus = (await startRecordedPrometheus()).prometheus;
  preview = await startPreview({ prometheusUrl: prometheus.url, port: 0 });
  browser = await startBrowser();
  shared = await browser.newPage({ viewport: DESKTOP, colorScheme: "dark" });
});

afterAll(async () => {
  await browser?.close();
  await preview?.close();
  await prometheus?.[Symbol.asyncDispose]();
});

/** A drawn page of the preview, with its errors so far. */
type Opened = { readonly page: Page; readonly check: () => void };

async function open(path: string, base = preview.url): Promise<Opened> {
  const page = shared;
  page.removeAllListeners("pageerror").removeAllListeners("request");
  await page.goto("about:blank");
  const errors: string[] = [];
  const elsewhere: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("request", (request) => {
    if (!request.url().startsWith(base)) elsewhere.push(request.url());
  });
  await page.goto(`${base}${path}`);
  await page.locator("#status[data-ok]").waitFor();
  const check = () => {
    expect(errors, "errors of the page").toEqual([]);
    expect(elsewhere, "requests to anywhere else").toEqual([]);
  };
  return { page, check };
}

/** Opens an address of the preview, uses the page, and fails the test on any error of the page. */
async function withPage(path: string, use: (page: Page) => Promise<void>, base = preview.url): Promise<void> {
  const { page, check } = await open(path, base);
  await use(page);
  check();
}

describe.each(DASHBOARDS)("$uid", (spec) => {
  test("shows each of its panels with data", async () => {
    await withPage(`/d/${spec.uid}?${RANGE}`, async (page) => {
      const shown = await page
        .locator(".panel")
        .evaluateAll((panels) => panels.map(({ dataset }) => `${dataset.state}: ${panels.length}`));
      expect(shown).toEqual(panelsOf(spec).map(() => `ok: ${panelsOf(spec).length}`));
    });
  });
});

describe("the overview", () => {
  let opened: Opened;
  let page: Page;
  beforeAll(async () => {
    opened = await open(`/d/mcp-orchestrator?${RANGE}`);
    page = opened.page;
  });
  afterAll(() => opened?.check());

  test("shows the state of every alert at every time", async () => {
    const rows = page.locator('.panel[data-type="state-timeline"]').first().locator(".timeline-row");
    const spike = rows.filter({ hasText: "QueueDepthSpike" });
    const states = await spike.locator(".timeline-bar").evaluateAll((bars) => bars.map(({ dataset }) => dataset.state));
    expect(states).toEqual(["ok", "pending", "firing", "ok"]);
    // The second is too narrow for its word, and has as much of it as fits.
    const [shown, word] = await spike
      .locator(".timeline-bar")
      .nth(1)
      .evaluate((bar) => {
        const text = bar.ownerDocument.createRange();
        text.selectNodeContents(bar);
        const { left, width } = text.getBoundingClientRect();
        return [bar.getBoundingClientRect().right - left, width] as const;
      });
    expect(shown).toBeLessThan(word);
    expect(shown).toBeGreaterThan(10);
  });

  test("shows the states of an alert and their times to a keyboard", async () => {
    const row = page.locator('.panel[data-type="state-timeline"]').first().locator(".timeline-row");
    const track = row.filter({ hasText: "QueueDepthSpike" }).locator(".timeline-track");
    const tooltip = page.locator(".tooltip");
    await track.focus();
    await tooltip.waitFor();
    const words = await track.locator(".timeline-bar").evaluateAll((bars) => bars.map(({ dataset }) => dataset.state));
    const lines = await tooltip.locator(".tooltip-line").allInnerTexts();
    expect(lines.map((line) => line.split(/\s+/).at(-1))).toEqual(words);
    expect(lines.every((line) => /\d\d:\d\d:\d\d to \d\d:\d\d:\d\d/.test(line))).toBe(true);
    await track.blur();
    await tooltip.waitFor({ state: "hidden" });
  });

  test("says in a panel what good looks like, which runbook to open, and the queries", async () => {
    const panel = page.locator(".panel", { hasText: "Queue depth" });
    await panel.hover();
    await panel.getByLabel("About Queue depth").click();
    const text = await panel.locator(".panel-info").innerText();
    expect(text).toContain("Good:");
    expect(text).toContain("QueueDepthSpike");
    expect(text).toContain("queue:mcp_queue_depth:max{");
  });

  test("shows the values of all series where the mouse points", async () => {
    await page.locator(".panel", { hasText: "Accepted and finished" }).locator(".u-over").hover();
    const tooltip = page.locator(".tooltip");
    await tooltip.waitFor();
    expect(await tooltip.innerText()).toMatch(/accepted[\s\S]*ops\/s/);
  });

  test("shows them with the arrow keys, and describes the picture in words", async () => {
    const plot = page.locator(".panel", { hasText: "Accepted and finished" }).locator(".plot");
    expect(await plot.getAttribute("aria-label")).toMatch(
      /Accepted and finished, at the end: .*accepted [\d.]+ ops\/s/,
    );
    await page.mouse.move(0, 0);
    await plot.focus();
    await page.keyboard.press("ArrowLeft");
    await page.locator(".tooltip").waitFor();
    expect(await page.locator(".tooltip").innerText()).toContain("accepted");
  });

  test("hides a series on a click on its name", async () => {
    const panel = page.locator(".panel", { hasText: "Accepted and finished" });
    await panel.locator(".legend-item", { hasText: "accepted" }).click();
    expect(await panel.locator(".legend-item.off").innerText()).toContain("accepted");
  });
});

describe("a viewer", () => {
  test("chooses a type, which the address and the next dashboard keep", async () => {
    await withPage(`/d/mcp-queues?${RANGE}`, async (page) => {
      await page.locator('[data-menu="type"]').selectOption("codegen");
      await page.waitForURL(/var-type=codegen/);
      await page.locator('[data-uid="mcp-workers"]').click();
      await page.waitForURL(/\/d\/mcp-workers\?.*var-type=codegen/);
      const table = page.locator('.panel[data-type="table"]', { hasText: "Workers now" });
      await table.locator("td", { hasText: "codegen" }).waitFor();
      expect(await table.locator("tbody tr").count()).toBe(1);
    });
  });

  test("follows the link of an alert to its panel, and returns", async () => {
    await withPage(`/d/mcp-orchestrator?viewPanel=5&var-type=reasoning&${RANGE}`, async (page) => {
      expect(await page.locator(".panel").count()).toBe(1);
      expect(await page.locator(".panel-title").innerText()).toBe("Queue depth");
      await page.keyboard.press("Escape");
      await page.locator(".section").first().waitFor();
      expect(new URL(page.url()).searchParams.get("viewPanel")).toBeNull();
    });
  });

  test("zooms by dragging over a chart", async () => {
    await withPage(`/d/mcp-orchestrator?viewPanel=5&${RANGE}`, async (page) => {
      const box = await page.locator(".panel .u-over").boundingBox();
      if (box === null) throw new Error("the chart is not on the page");
      await page.mouse.move(box.x + box.width * 0.4, box.y + 20);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.6, box.y + 20, { steps: 4 });
      await page.mouse.up();
      await page.waitForURL(/from=\d{13}/);
      const { searchParams } = new URL(page.url());
      const minutes = (Number(searchParams.get("to")) - Number(searchParams.get("from"))) / 60_000;
      expect(minutes).toBeGreaterThan(20);
      expect(minutes).toBeLessThan(28);
    });
  });

  test("chooses another range and another theme", async () => {
    await withPage(`/d/mcp-orchestrator?viewPanel=5&${RANGE}`, async (page) => {
      await page.locator('[data-menu="time"]').selectOption({ label: "Last 30 minutes" });
      await page.waitForURL(/from=now-30m/);
      await page.locator("#theme").click();
      expect(await page.locator("html").getAttribute("data-theme")).toBe("light");
      await page.reload();
      expect(await page.locator("html").getAttribute("data-theme")).toBe("light");
    });
  });
});

describe.each(["dark", "light"])("in the %s theme, axe finds no problem", (theme) => {
  test.each(DASHBOARDS)("in $uid", async ({ uid }) => {
    await withPage(`/d/${uid}?${RANGE}`, async (page) => {
      if ((await page.locator("html").getAttribute("data-theme")) !== theme) await page.locator("#theme").click();
      await page.locator("#status[data-ok]").waitFor();
      expect(await violationsIn(page)).toEqual([]);
    });
  });
});

describe("on a phone, axe finds no problem, and nothing is wider than the screen", () => {
  const phone = { width: 390, height: 844 };
  beforeAll(() => shared.setViewportSize(phone));
  afterAll(() => shared.setViewportSize(DESKTOP));
  test.each(DASHBOARDS)("in $uid", async ({ uid }) => {
    await withPage(`/d/${uid}?${RANGE}`, async (page) => {
      expect(await violationsIn(page)).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(phone.width);
    });
  });
});

test("Grafana has room for every title on a screen of 1280 px", async () => {
  const all = DASHBOARDS.flatMap((spec) => panels(classicDashboard(spec))).map(({ title = "", gridPos }) => ({
    title,
    // Less its padding and the icon of the description.
    room: ((gridPos?.w ?? 0) / GRID_COLUMNS) * 1_248 - 26,
  }));
  const widths = await shared.locator("html").evaluate(
    ({ ownerDocument }, titles) => {
      const context = ownerDocument.createElement("canvas").getContext("2d");
      if (context === null) throw new Error("there is no canvas");
      context.font = "500 14px sans-serif";
      return titles.map((title) => context.measureText(title).width);
    },
    all.map(({ title }) => title),
  );
  const clipped = all.filter(({ room }, index) => (widths[index] ?? Number.POSITIVE_INFINITY) > room);
  expect(clipped).toEqual([]);
});

test("the times under a narrow timeline do not overlap", async () => {
  await withPage("/d/mcp-redis-upstreams?from=now-2m&to=now&refresh=", async (page) => {
    const spaces = await page.locator(".timeline-ticks").evaluateAll((scales) =>
      scales.flatMap(({ children }) => {
        const boxes = [...children].map((label) => label.getBoundingClientRect());
        return boxes.slice(1).map(({ left }, index) => left - (boxes[index]?.right ?? left));
      }),
    );
    expect(spaces.length).toBeGreaterThan(0);
    expect(Math.min(...spaces)).toBeGreaterThan(0);
  });
});

describe("an invalid address", () => {
  test.each([
    ["/d/mcp-nothing", "There is no dashboard mcp-nothing"],
    ["/d/mcp-queues?from=yesterday&to=now", '"yesterday" is not a time'],
    ["/d/mcp-queues?from=now&to=now-1h", "does not end after its start"],
  ])("%s says what is wrong", async (path, message) => {
    await withPage(path, async (page) => {
      expect(await page.getByRole("alert").innerText()).toContain(message);
      expect(await page.locator("#dashboard a").count()).toBe(DASHBOARDS.length);
    });
  });
});

describe("without a Prometheus", () => {
  test("an open page hides the numbers that it showed before", async () => {
    await withPage("/d/mcp-orchestrator?from=now-2h&to=now&refresh=1s", async (page) => {
      const tiles = page.locator(".stat-value:visible");
      expect(await tiles.count()).toBeGreaterThan(0);
      await page.route("**/api/prometheus/**", (route) => route.abort());
      await page.locator("#status[data-ok='false']").waitFor();
      expect(await tiles.count()).toBe(0);
      expect(await page.locator(".timeline-bar:visible").count()).toBe(0);
      await page.unrouteAll();
    });
  });

  test("each panel and the page report it, also repeatedly", async () => {
    const lonely = await startPreview({ prometheusUrl: "http://127.0.0.1:1", port: 0 });
    try {
      await withPage(
        "/d/mcp-orchestrator?refresh=",
        async (page) => {
          expect(await page.locator("#status").innerText()).toContain("cannot be reached");
          expect(await page.locator('.panel:not([data-state="error"])').count()).toBe(0);
        },
        lonely.url,
      );
    } finally {
      await lonely.close();
    }
  });
});

describe("the server", () => {
  test("forwards only reads", async () => {
    const response = await fetch(`${preview.url}/api/prometheus/api/v1/admin/tsdb/snapshot`);
    expect(response.status).toBe(403);
    expect(response.headers.get("content-type")).toContain("application/problem+json");
  });

  test("serves only its own files", async () => {
    for (const path of [
      "/assets/../server.ts",
      "/assets/%2e%2e/server.ts",
      "/assets/frames.test.ts",
      "/vendor/package.json",
    ]) {
      expect((await fetch(`${preview.url}${path}`)).status, path).toBe(404);
    }
  });

  test("prevents a page from loading anything from other hosts", async () => {
    const policy = (await fetch(preview.url)).headers.get("content-security-policy");
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("connect-src 'self'");
  });
});
