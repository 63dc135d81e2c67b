import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { openMetricsHistory } from "./history.ts";

const READY_TIMEOUT_MS = 30_000;
const POLL_MS = 50;

/** A real Prometheus with a recorded history, on loopback. */
export type RecordedPrometheus = AsyncDisposable & { readonly url: string; readonly endSeconds: number };

/**
 * Fills a data folder with the recorded history and starts Prometheus on it.
 *
 * @throws when promtool refuses the history or Prometheus is not ready in time
 */
export async function startRecordedPrometheus(): Promise<RecordedPrometheus> {
  const folder = await mkdtemp(join(tmpdir(), "dashboards-prometheus-"));
  const endSeconds = Math.floor(Date.now() / 1000);
  const history = join(folder, "history.txt");
  await writeFile(history, openMetricsHistory(endSeconds));
  await promisify(execFile)("promtool", ["tsdb", "create-blocks-from", "openmetrics", history, join(folder, "data")]);
  await rm(history);
  const config = join(folder, "prometheus.yml");
  await writeFile(config, "global: { scrape_interval: 15s }\n");
  const port = await freePort();
  const child = spawn(
    "prometheus",
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=warn",
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const said: string[] = [];
  child.stderr.on("data", (chunk: Buffer) => said.push(chunk.toString()));
  const url = `http://127.0.0.1:${port}`;
  await ready(`${url}/-/ready`, () => (child.exitCode === null ? undefined : said.join("")));
  return {
    url,
    endSeconds,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null) {
        child.kill("SIGTERM");
        await once(child, "exit");
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function ready(url: string, died: () => string | undefined): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  let last = "nothing yet";
  while (Date.now() < deadline) {
    const dead = died();
    if (dead !== undefined) throw new Error(`Prometheus ended: ${dead}`);
    try {
      const response = await fetch(url);
      if (response.ok) return;
      last = `status ${response.status}`;
    } catch (error) {
      last = String(error);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`Prometheus was not ready within ${READY_TIMEOUT_MS} ms; last: ${last}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
