import { execFile } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  PROMETHEUS_CONFIG,
  startPrometheus,
  type TestPrometheus,
} from "@mcp-orchestrator/e2e/testkit/servers/prometheus";
import { openMetricsHistory } from "./history.ts";

/** A real Prometheus with a recorded history that ends at a given time. */
export type RecordedPrometheus = { readonly prometheus: TestPrometheus; readonly endSeconds: number };

/**
 * Fills a data folder with the recorded history and starts Prometheus on it.
 *
 * @throws if promtool rejects the history or Prometheus is not ready in time
 */
export async function startRecordedPrometheus(): Promise<RecordedPrometheus> {
  const endSeconds = Math.floor(Date.now() / 1000);
  const fill = async (dataDir: string) => {
    const history = join(dataDir, "history.txt");
    await writeFile(history, openMetricsHistory(endSeconds));
    await promisify(execFile)("promtool", ["tsdb", "create-blocks-from", "openmetrics", history, dataDir]);
    await rm(history);
  };
  const files = { [PROMETHEUS_CONFIG]: "global: { scrape_interval: 15s }\n" };
  return { prometheus: await startPrometheus({ files }, { prepare: fill }), endSeconds };
}
