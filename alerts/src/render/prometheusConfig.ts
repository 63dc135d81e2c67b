import { BUNDLE, type Bundle } from "../bundle/index.ts";
import { formatDuration, type TimingProfile } from "../timing.ts";
import { generatedYaml } from "./yaml.ts";

/** Where Prometheus finds the service's replicas. */
export type Discovery =
  | { readonly targets: readonly string[] }
  /** All addresses behind a name, so that replicas come and go by themselves. */
  | { readonly dnsName: string; readonly port: number };

export type PrometheusPaths = {
  readonly orchestrator: Discovery;
  /** `host:port` of Alertmanager. */
  readonly alertmanager: string;
  /** Path of the rule file, relative to the configuration or absolute. */
  readonly ruleFile: string;
};

/** `prometheus.yml`: what is scraped, how often, which rules run, and who is notified. */
export function renderPrometheusConfig(
  profile: TimingProfile,
  paths: PrometheusPaths,
  { job, externalLabels, scope: { replicaLabels } }: Pick<Bundle, "job" | "externalLabels" | "scope"> = BUNDLE,
): string {
  const { prometheus } = profile;
  // The servers of a pair send the same alerts: without the label that differs, Alertmanager sees one of each.
  const copies = replicaLabels.filter((label) => label in externalLabels);
  return generatedYaml({
    global: {
      scrape_interval: formatDuration(prometheus.scrapeIntervalMs),
      scrape_timeout: formatDuration(prometheus.scrapeTimeoutMs),
      evaluation_interval: formatDuration(prometheus.evaluationIntervalMs),
      ...(Object.keys(externalLabels).length === 0 ? {} : { external_labels: externalLabels }),
    },
    rule_files: [paths.ruleFile],
    alerting: {
      ...(copies.length === 0 ? {} : { alert_relabel_configs: [{ action: "labeldrop", regex: copies.join("|") }] }),
      alertmanagers: [{ static_configs: [{ targets: [paths.alertmanager] }] }],
    },
    scrape_configs: [{ job_name: job, ...discovery(paths.orchestrator, profile) }],
  });
}

/**
 * Command line flags that belong to a profile: how long a sample is looked back for, how often a firing alert is sent
 * again, and how the state of a `for` survives a restart of Prometheus.
 */
export function prometheusFlags({ prometheus }: TimingProfile): string[] {
  return [
    `--query.lookback-delta=${formatDuration(prometheus.lookbackDeltaMs)}`,
    `--rules.alert.resend-delay=${formatDuration(prometheus.resendDelayMs)}`,
    `--rules.alert.for-grace-period=${formatDuration(prometheus.forGracePeriodMs)}`,
    `--rules.alert.for-outage-tolerance=${formatDuration(prometheus.forOutageToleranceMs)}`,
  ];
}

function discovery(where: Discovery, { prometheus }: TimingProfile): Record<string, unknown> {
  if ("targets" in where) return { static_configs: [{ targets: [...where.targets] }] };
  return {
    dns_sd_configs: [
      {
        names: [where.dnsName],
        type: "A",
        port: where.port,
        refresh_interval: formatDuration(prometheus.scrapeIntervalMs),
      },
    ],
  };
}
