import { setTimeout as pause } from "node:timers/promises";
import { prometheusFlags, renderPrometheusConfig, renderRules, type TimingProfile } from "@mcp-orchestrator/alerts";
import { PROMETHEUS_CONFIG, prometheusSpec } from "../../testkit/servers/prometheus.ts";
import { PrometheusClient } from "../../testkit/servers/prometheusClient.ts";
import { type RunningProgram, type Runtime, START_TIMEOUT_MS } from "../../testkit/servers/runtime.ts";
import type { RunFolder } from "../runFolder.ts";

const RULE_FILE = "mcp-orchestrator.rules.yml";
/** A little less than the five seconds after which a Prometheus that has started looks for its targets. */
const RULES_AFTER_MS = 4_400;

export type PrometheusOptions = {
  readonly port: number;
  readonly profile: TimingProfile;
  /** `host:port` of the replicas, as Prometheus reaches them. */
  readonly targets: readonly string[];
  /** `host:port` of Alertmanager, as Prometheus reaches it. */
  readonly alertmanager: string;
};

/** A running Prometheus and what can be asked of it. */
export class PrometheusServer extends PrometheusClient implements AsyncDisposable {
  readonly server: RunningProgram;
  readonly #options: PrometheusOptions;
  readonly #servesSinceMs = Date.now();

  constructor(server: RunningProgram, options: PrometheusOptions) {
    super(`http://${server.host}:${server.port}`);
    this.server = server;
    this.#options = options;
  }

  /** `host:port` of the replicas in their order, as it scrapes them. */
  get addresses(): readonly string[] {
    return this.#options.targets;
  }

  /**
   * Loads the rules just before all targets are scraped, and waits for that. A Prometheus that has just started looks for
   * its targets and its Alertmanagers after five seconds, whatever its timing. At a drill's timing, rules that ran from the
   * start would take that for an outage; and rules that came after it would make releases before 3.0 forget their
   * Alertmanagers, and drop what is for them, for five seconds more (prometheus/prometheus#13064).
   */
  async startRules(): Promise<void> {
    await pause(Math.max(0, this.#servesSinceMs + RULES_AFTER_MS - Date.now()));
    await this.loadRules();
    await this.waitForTargets(this.#options.targets.length, START_TIMEOUT_MS);
  }

  /** Loads the rules now. */
  async loadRules(): Promise<void> {
    await this.server.write(RULE_FILE, renderRules(this.#options.profile));
    await this.reload();
  }

  /** Scrapes other targets from now on; an address where nothing listens is a service that cannot be reached. */
  async scrape(targets: readonly string[]): Promise<void> {
    await this.server.write(PROMETHEUS_CONFIG, config({ ...this.#options, targets }));
    await this.reload();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}

/** Starts Prometheus with the configuration of a timing profile, and without rules: see `startRules`. */
export async function startPrometheus(
  runtime: Runtime,
  folder: RunFolder,
  options: PrometheusOptions,
): Promise<PrometheusServer> {
  const spec = prometheusSpec(options.port, {
    files: { [PROMETHEUS_CONFIG]: config(options) },
    flags: prometheusFlags(options.profile),
  });
  return new PrometheusServer(await runtime.start(spec, folder), options);
}

function config({ profile, targets, alertmanager }: PrometheusOptions): string {
  return renderPrometheusConfig(profile, { orchestrator: { targets }, alertmanager, ruleFile: RULE_FILE });
}
