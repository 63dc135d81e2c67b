import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { startPreview } from "../src/index.ts";
import { startBrowser } from "./support/browser.ts";
import { startRecordedPrometheus } from "./support/prometheus.ts";

/** The pictures of the README: which address, in which theme, how large. */
const PICTURES = [
  { file: "overview-dark.png", path: "/d/mcp-orchestrator", theme: "dark", height: 1010 },
  { file: "overview-light.png", path: "/d/mcp-orchestrator", theme: "light", height: 1010 },
  { file: "queues-dark.png", path: "/d/mcp-queues", theme: "dark", height: 820 },
  { file: "workers-light.png", path: "/d/mcp-workers", theme: "light", height: 820 },
] as const;
const WIDTH = 1400;
const FOLDER = fileURLToPath(new URL("../../docs/images", import.meta.url));

await mkdir(FOLDER, { recursive: true });
await using prometheus = (await startRecordedPrometheus()).prometheus;
const preview = await startPreview({ prometheusUrl: prometheus.url, port: 0 });
const browser = await startBrowser();
try {
  for (const { file, path, theme, height } of PICTURES) {
    const page = await browser.newPage({ viewport: { width: WIDTH, height }, colorScheme: theme });
    await page.goto(`${preview.url}${path}?from=now-2h&to=now&refresh=`);
    await page.locator("#status[data-ok='true']").waitFor();
    await page.screenshot({ path: `${FOLDER}/${file}` });
    await page.close();
    console.log(`docs/images/${file}`);
  }
} finally {
  await browser.close();
  await preview.close();
}
