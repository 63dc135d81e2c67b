import { setTimeout as pause } from "node:timers/promises";
import {
  BUNDLE,
  generatedYaml,
  prometheusFlags,
  type RuleGroup,
  type RuleSource,
  renderPrometheusConfig,
  ruleFile,
  type TimingProfile,
} from "@mcp-orchestrator/alerts";
import { PROMETHEUS_CONFIG, prometheusSpec } from "../../testkit/servers/prometheus.ts";
import { type Labels, PrometheusClient } from "../../testkit/servers/prometheusClient.ts";
import { type RunningProgram, type Runtime, START_TIMEOUT_MS } from "../../testkit/servers/runtime.ts";
import { UntilTimeoutError, until } from "../../testkit/until.ts";
import type { RunFolder } from "../runFolder.ts";

const RULE_FILE = "mcp-orchestrator.rules.yml";
/** A little less than the five seconds after which a started Prometheus looks for its targets. */
const RULES_AFTER_MS = 4_400;

export type PrometheusOptions = {
  readonly port: number;
  readonly profile: TimingProfile;
  /** `host:port` of the replicas, as Prometheus reaches them. */
  readonly targets: readonly string[];
  /** `host:port` of Alertmanager, as Prometheus reaches it. */
  readonly alertmanager: string;
  /** `host:port` of this Prometheus for itself, if it scrapes itself and Alertmanager. */
  readonly itself?: string;
  /** The rules and the job of the targets; the product's by default. */
  readonly source?: RuleSource;
};

/** A running Prometheus with its API. */
export class PrometheusServer extends PrometheusClient implements AsyncDisposable {
  readonly server: RunningProgram;
  readonly #options: PrometheusOptions;
  readonly #servesSinceMs = Date.now();

  constructor(server: RunningProgram, options: PrometheusOptions) {
    super(`http://${server.host}:${server.port}`);
    this.server = server;
    this.#options = options;
  }

  get #job(): string {
    return (this.#options.source?.bundle ?? BUNDLE).job;
  }

  /** `host:port` of the replicas in their order, as it scrapes them. */
  get addresses(): readonly string[] {
    return this.#options.targets;
  }

  /**
   * Loads the rules just before all targets are scraped, and waits for that. A started Prometheus looks for targets and
   * Alertmanagers after five seconds, at any timing. Rules from the start would take that for an outage. A later reload
   * makes releases before 3.0 forget their Alertmanagers for five seconds more (prometheus/prometheus#13064).
   */
  async startRules(): Promise<void> {
    await pause(Math.max(0, this.#servesSinceMs + RULES_AFTER_MS - Date.now()));
    await this.loadRules();
    await this.waitForTargets(this.#options.targets.length, START_TIMEOUT_MS, { job: this.#job });
  }

  /**
   * Loads the rules when a scrape has shown active workers of every type, so that no alert is pending because of the
   * start: a replica is ready before its workers are. Rules are loaded in any case: workers that never start are an
   * incident.
   */
  async startRulesWhenScraped(signal?: AbortSignal): Promise<void> {
    const options = signal === undefined ? {} : { signal };
    await this.waitForTargets(this.#options.targets.length, START_TIMEOUT_MS, { job: this.#job, ...options });
    const workers = "min(sum by (type) (mcp_active_workers)) > 0";
    await until("active workers", { timeoutMs: START_TIMEOUT_MS, ...options }, async () => {
      if ((await this.query(workers)).length === 0) throw new Error("none in a scrape");
    }).catch((error: unknown) => {
      if (!(error instanceof UntilTimeoutError)) throw error;
    });
    await this.loadRules();
  }

  /** Loads the rules now, and groups beside them. */
  async loadRules(added?: readonly RuleGroup[]): Promise<void> {
    await this.writeRules(added);
    await this.reload();
  }

  /** The same, without loading them. */
  async writeRules(added: readonly RuleGroup[] = []): Promise<void> {
    const { profile, source } = this.#options;
    const { groups } = ruleFile(profile, source);
    await this.server.write(RULE_FILE, generatedYaml({ groups: [...groups, ...added] }));
  }

  /** Removes all rules. */
  async unloadRules(): Promise<void> {
    await this.server.write(RULE_FILE, "groups: []\n");
    await this.reload();
  }

  /**
   * Changes the targets. An address without a listener is a service that cannot be reached.
   *
   * @param labels of each, if they belong to several installations
   */
  async scrape(targets: readonly string[], labels?: readonly Labels[]): Promise<void> {
    await this.server.write(PROMETHEUS_CONFIG, config({ ...this.#options, targets }, labels));
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

function config(
  { profile, targets, alertmanager, source, itself }: PrometheusOptions,
  labels?: readonly Labels[],
): string {
  const orchestrator = { targets, ...(labels ? { labels } : {}) };
  const paths = { orchestrator, alertmanager, ruleFile: RULE_FILE, ...(itself ? { itself } : {}) };
  return renderPrometheusConfig(profile, paths, source?.bundle);
}
