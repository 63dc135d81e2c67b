import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  PROMETHEUS_CONFIG,
  startPrometheus as startServer,
  type TestPrometheus,
} from "@mcp-orchestrator/e2e/testkit/servers/prometheus";
import { dump, load } from "js-yaml";

const GENERATED = new URL("../../../alerts/generated/", import.meta.url);

type Config = {
  global: { evaluation_interval: string };
  scrape_configs: unknown[];
  rule_files: string[];
  alerting?: unknown;
};

/** A Prometheus with the shipped rules, and its evaluation interval. */
export type RulesPrometheus = { readonly prometheus: TestPrometheus; readonly intervalMs: number };

/**
 * Starts Prometheus with the generated configuration and rules.
 *
 * @param port serves the metrics of one replica; all replicas are this one with different instance labels
 */
export async function startPrometheus(port: number, replicas: number): Promise<RulesPrometheus> {
  const config = load(readFileSync(new URL("prometheus.yml", GENERATED), "utf8")) as Config;
  config.rule_files = config.rule_files.map((file) => fileURLToPath(new URL(file, GENERATED)));
  config.alerting = undefined;
  const static_configs = Array.from({ length: replicas }, (_, index) => ({
    targets: [`127.0.0.1:${port}`],
    labels: { instance: `replica-${index}` },
  }));
  config.scrape_configs = [{ job_name: "mcp-orchestrator", static_configs }];
  const prometheus = await startServer({ files: { [PROMETHEUS_CONFIG]: dump(config, { skipInvalid: true }) } });
  return { prometheus, intervalMs: Number.parseFloat(config.global.evaluation_interval) * 1_000 };
}
