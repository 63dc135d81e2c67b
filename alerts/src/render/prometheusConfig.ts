import { BUNDLE, type Bundle } from "../bundle/index.ts";
import { formatDuration, type TimingProfile } from "../timing.ts";
import { generatedYaml } from "./yaml.ts";

type Labels = Readonly<Record<string, string>>;
type Installation = Pick<Bundle, "job" | "selector" | "scope">;

/** How Prometheus finds the service's replicas. */
export type Discovery =
  | {
      readonly targets: readonly string[];
      /** Of each target, in their order, where they are of several installations; those of this one unless given. */
      readonly labels?: readonly Labels[];
    }
  /** All addresses of a DNS name, so that new replicas are found. */
  | { readonly dnsName: string; readonly port: number };

export type PrometheusPaths = {
  readonly orchestrator: Discovery;
  /** `host:port` of Alertmanager. */
  readonly alertmanager: string;
  /** Path of the rule file, relative to the configuration or absolute. */
  readonly ruleFile: string;
  /** `host:port` of this Prometheus. With it, it scrapes itself and Alertmanager, for the dashboard about alerting. */
  readonly itself?: string;
};

/** `prometheus.yml`: scrapes, intervals, rules, Alertmanagers. */
export function renderPrometheusConfig(
  profile: TimingProfile,
  paths: PrometheusPaths,
  bundle: Installation & Pick<Bundle, "externalLabels"> = BUNDLE,
): string {
  const { prometheus } = profile;
  const { job, externalLabels, scope } = bundle;
  // The servers of a pair send the same alerts: without the label that differs, Alertmanager sees one of each.
  const copies = scope.replicaLabels.filter((label) => label in externalLabels);
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
    scrape_configs: [
      { job_name: job, ...discovery(paths.orchestrator, profile, bundle) },
      ...(paths.itself === undefined
        ? []
        : Object.entries({ prometheus: paths.itself, alertmanager: paths.alertmanager }).map(([name, target]) => ({
            job_name: name,
            // They expose much, and what is looked at lasts for minutes.
            scrape_interval: formatDuration(4 * prometheus.scrapeIntervalMs),
            static_configs: [{ targets: [target] }],
          }))),
    ],
  });
}

/**
 * The scrape job alone, for an existing Prometheus: to be copied, or named in `scrape_config_files` (2.43 or newer).
 * Its targets get the labels of the first installation of the bundle.
 */
export function renderScrapeJob(
  { prometheus }: TimingProfile,
  targets: readonly string[],
  bundle: Installation = BUNDLE,
): string {
  return generatedYaml({
    scrape_configs: [
      {
        job_name: bundle.job,
        scrape_interval: formatDuration(prometheus.scrapeIntervalMs),
        scrape_timeout: formatDuration(prometheus.scrapeTimeoutMs),
        static_configs: [targetGroup(targets, installationLabels(bundle))],
      },
    ],
  });
}

/**
 * Command line flags of a profile: lookback, resend delay, and how the state of a `for` survives a restart of
 * Prometheus.
 */
export function prometheusFlags({ prometheus }: TimingProfile): string[] {
  return [
    `--query.lookback-delta=${formatDuration(prometheus.lookbackDeltaMs)}`,
    `--rules.alert.resend-delay=${formatDuration(prometheus.resendDelayMs)}`,
    `--rules.alert.for-grace-period=${formatDuration(prometheus.forGracePeriodMs)}`,
    `--rules.alert.for-outage-tolerance=${formatDuration(prometheus.forOutageToleranceMs)}`,
  ];
}

function discovery(
  where: Discovery,
  { prometheus }: TimingProfile,
  installation: Installation,
): Record<string, unknown> {
  const own = installationLabels(installation);
  if ("targets" in where) {
    const { targets, labels } = where;
    const groups = labels?.map((of, index) => targetGroup(targets.slice(index, index + 1), of));
    return { static_configs: groups ?? [targetGroup(targets, own)] };
  }
  const relabel = Object.entries(own).map(([label, value]) => ({ target_label: label, replacement: value }));
  return {
    dns_sd_configs: [
      {
        names: [where.dnsName],
        type: "A",
        port: where.port,
        refresh_interval: formatDuration(prometheus.scrapeIntervalMs),
      },
    ],
    ...(relabel.length === 0 ? {} : { relabel_configs: relabel }),
  };
}

/** The labels by which the rules find the series of an installation. */
function installationLabels({ selector, scope }: Installation): Labels {
  return { ...selector, ...scope.installations[0] };
}

function targetGroup(targets: readonly string[], labels: Labels): Record<string, unknown> {
  return { targets: [...targets], ...(Object.keys(labels).length === 0 ? {} : { labels }) };
}
