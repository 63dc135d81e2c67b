import type { TestPrometheus } from "@mcp-orchestrator/e2e/testkit/servers/prometheus";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DASHBOARDS, type Preview, panelsOf, startPreview } from "../src/index.ts";
import { startBrowser } from "./support/browser.ts";
import { startRecordedPrometheus } from "./support/prometheus.ts";

const RANGE = "from=now-2h&to=now&refresh=";
let prometheus: TestPrometheus;
let preview: Preview;
let browser: Browser;
/** The page of all tests, one after the other: a new one costs more than what is shown on it. */
let shared: Page;

beforeAll(async () => {
  prometheus = (await startRecordedPrometheus()).prometheus;
  preview = await startPreview({ prometheusUrl: prometheus.url, port: 0 });
  browser = await startBrowser();
  shared = await browser.newPage({ viewport: { width: 1500, height: 1000 }, colorScheme: "dark" });
});

afterAll(async () => {
  await browser?.close();
  await preview?.close();
  await prometheus?.[Symbol.asyncDispose]();
});

/** A page of the preview with everything drawn, and what went wrong on it so far. */
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

  test("shows what every alert was at every time", async () => {
    const rows = page.locator('.panel[data-type="state-timeline"]').first().locator(".timeline-row");
    const spike = rows.filter({ hasText: "QueueDepthSpike" });
    const states = await spike.locator(".timeline-bar").evaluateAll((bars) => bars.map(({ dataset }) => dataset.state));
    expect(states).toEqual(["ok", "pending", "firing", "ok"]);
  });

  test("says in a panel what good looks like, which runbook to open and what is asked", async () => {
    const panel = page.locator(".panel", { hasText: "Queue depth" });
    await panel.hover();
    await panel.getByLabel("About Queue depth").click();
    const text = await panel.locator(".panel-info").innerText();
    expect(text).toContain("Good:");
    expect(text).toContain("QueueDepthSpike");
    expect(text).toContain("mcp_queue_depth{");
  });

  test("shows the values of all series where the mouse points", async () => {
    await page.locator(".panel", { hasText: "Accepted and finished" }).locator(".u-over").hover();
    const tooltip = page.locator(".tooltip");
    await tooltip.waitFor();
    expect(await tooltip.innerText()).toMatch(/accepted[\s\S]*\/s/);
  });

  test("hides a series on a click on its name", async () => {
    const panel = page.locator(".panel", { hasText: "Accepted and finished" });
    await panel.locator(".legend-item", { hasText: "accepted" }).click();
    expect(await panel.locator(".legend-item.off").innerText()).toContain("accepted");
  });
});

describe("a viewer", () => {
  test("narrows down to a type, and the address and the next dashboard keep it", async () => {
    await withPage(`/d/mcp-queues?${RANGE}`, async (page) => {
      await page.locator('[data-variable="type"] summary').click();
      await page.locator('[data-variable="type"] label', { hasText: "codegen" }).click();
      await page.waitForURL(/var-type=codegen/);
      await page.locator('[data-uid="mcp-workers"]').click();
      await page.waitForURL(/\/d\/mcp-workers\?.*var-type=codegen/);
      const table = page.locator('.panel[data-type="table"]', { hasText: "Workers now" });
      await table.locator("td", { hasText: "codegen" }).waitFor();
      expect(await table.locator("tbody tr").count()).toBe(1);
    });
  });

  test("follows the link of an alert to its panel alone, and comes back", async () => {
    await withPage(`/d/mcp-orchestrator?viewPanel=5&var-type=reasoning&${RANGE}`, async (page) => {
      expect(await page.locator(".panel").count()).toBe(1);
      expect(await page.locator(".panel-title").innerText()).toBe("Queue depth");
      await page.keyboard.press("Escape");
      await page.locator(".section").first().waitFor();
      expect(new URL(page.url()).searchParams.get("viewPanel")).toBeNull();
    });
  });

  test("drags over a chart to look closer", async () => {
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
      await page.locator('[data-menu="time"] summary').click();
      await page.getByRole("button", { name: "Last 30 minutes" }).click();
      await page.waitForURL(/from=now-30m/);
      await page.locator("#theme").click();
      expect(await page.locator("html").getAttribute("data-theme")).toBe("light");
    });
  });
});

describe("without a Prometheus", () => {
  test("each panel and the page say so, and that again does not break anything", async () => {
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
  test("passes on nothing but reads", async () => {
    const response = await fetch(`${preview.url}/api/prometheus/api/v1/admin/tsdb/snapshot`);
    expect(response.status).toBe(403);
    expect(response.headers.get("content-type")).toContain("application/problem+json");
  });

  test("has no files but its own", async () => {
    for (const path of [
      "/assets/../server.ts",
      "/assets/%2e%2e/server.ts",
      "/assets/frames.test.ts",
      "/vendor/package.json",
    ]) {
      expect((await fetch(`${preview.url}${path}`)).status, path).toBe(404);
    }
  });

  test("lets a page load nothing from anywhere else", async () => {
    const policy = (await fetch(preview.url)).headers.get("content-security-policy");
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("connect-src 'self'");
  });
});
