import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { DRILL_FACTOR, drillProfile } from "@mcp-orchestrator/alerts";
import { startPreview } from "@mcp-orchestrator/dashboards";
import { startBrowser } from "../dashboards/test/support/browser.ts";
import { Demo, type DemoEvent } from "../e2e/demo/demo.ts";
import { faultNamed } from "../e2e/demo/faults.ts";
import { eventLine, renderScreen } from "../e2e/demo/screen.ts";
import { startDrillStack } from "../e2e/drill/drillStack.ts";
import { chooseRuntime } from "../e2e/stack/runtime/choose.ts";
import { freePorts, linksOf } from "../e2e/stack/stack.ts";
import { freePort } from "../e2e/testkit/ports.ts";
import { ROOT } from "./provision/command.ts";

/** `npm run screenshots`: takes the pictures of the documents, of a real stack during a real fault. */

const FOLDER = join(ROOT, "docs", "images");
const WITHIN_MS = 60_000;
/** Healthy time before the first incident. */
const BEFORE_MS = 40_000;
/** One after the other. */
const LAST_INCIDENT = "depth";
const INCIDENTS = ["latency-critical", LAST_INCIDENT];
/** Time in which an alert fires, so that the word for its state fits into the timeline. */
const FIRING_MS = 10_000;
const VIEW = { time: { from: "now-2m", to: "now" }, refresh: "5s" };
const PHONE = { width: 390, height: 844 };

/** What people look at, and its size on a desktop. */
const SURFACES = [
  { name: "overview", at: "dashboards", path: "/", width: 1400, height: 1070 },
  { name: "queues", at: "dashboards", path: "/d/mcp-queues", width: 1400, height: 820 },
  { name: "workers", at: "dashboards", path: "/d/mcp-workers", width: 1400, height: 820 },
  { name: "redis-upstreams", at: "dashboards", path: "/d/mcp-redis-upstreams", width: 1400, height: 820 },
  { name: "alerting", at: "dashboards", path: "/d/mcp-alerting", width: 1400, height: 1070 },
  { name: "inbox", at: "inbox", path: "/", width: 1000, height: 820 },
  { name: "runbook", at: "inbox", path: "/runbooks/QueueDepthSpike.md", width: 1000, height: 1000 },
] as const;
/** The terminal of the demo has no size of a phone. */
const TERMINAL = { width: 720, height: 520 };

const profile = drillProfile(DRILL_FACTOR);
const ports = await freePorts(1);
const dashboardsPort = await freePort();
const links = linksOf(ports, dashboardsPort);
await using drill = await startDrillStack({
  ...{ name: "screenshots", profile, replicas: 1, runtime: await chooseRuntime() },
  extra: { ports, dashboardsPort, rules: "after-first-scrape", watchesAlerting: true },
});
const preview = await startPreview({ prometheusUrl: links.prometheus, port: dashboardsPort, links, view: VIEW });
await using _ = { [Symbol.asyncDispose]: () => preview.close() };
const events: DemoEvent[] = [];
await using demo = new Demo(drill, (event) => {
  events.push(event);
  console.log(eventLine(event));
});
await pause(BEFORE_MS);
for (const id of INCIDENTS) await incident(id);
await mkdir(FOLDER, { recursive: true });
const addresses = {
  ...links,
  dashboards: preview.url,
  inbox: drill.stack.inbox.url,
  service: drill.stack.orchestrator.url,
};
const screen = renderScreen({
  ...{ addresses, profile, events, alerts: await demo.alerts(), fault: demo.fault, doing: "its page is in the inbox" },
});
const browser = await startBrowser();
try {
  for (const colorScheme of ["light", "dark"] as const) {
    // A fault ends by itself before the second round.
    if (colorScheme === "dark") await incident(LAST_INCIDENT);
    for (const { name, at, path, ...desktop } of SURFACES) {
      for (const [suffix, viewport] of [
        ["", desktop],
        ["-phone", PHONE],
      ] as const) {
        const page = await browser.newPage({ viewport, colorScheme });
        await page.goto(`${addresses[at]}${path}`);
        if (at === "dashboards") await page.locator("#status[data-ok='true']").waitFor();
        // A scrape may have come too late for a table.
        await page.locator(".panel[data-type='table']:not(:has(td))").first().waitFor({ state: "detached" });
        await page.screenshot({ path: join(FOLDER, `${name}${suffix}-${colorScheme}.png`) });
        await page.close();
      }
    }
    const page = await browser.newPage({ viewport: TERMINAL, colorScheme });
    await page.setContent(
      `<meta name="color-scheme" content="light dark"><pre style="font: 13px/1.4 monospace">${stripVTControlCharacters(screen)}</pre>`,
    );
    await page.screenshot({ path: join(FOLDER, `demo-${colorScheme}.png`) });
    await page.close();
  }
} finally {
  await browser.close();
}

async function incident(id: string): Promise<void> {
  await demo.recover();
  await demo.inject(faultNamed(id), WITHIN_MS);
  await pause(FIRING_MS);
}
