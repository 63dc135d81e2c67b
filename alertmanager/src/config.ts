import { BUNDLE, type Bundle, formatDuration, generatedYaml, type TimingProfile } from "@mcp-orchestrator/alerts";
import type { AlertmanagerEndpoints, ConfigRelease } from "./endpoints.ts";
import { INHIBITIONS } from "./inhibitions.ts";
import { type Receiver, receivers } from "./receivers.ts";
import { type Route, routingTree } from "./routes.ts";

export type InhibitRule = {
  /** Shown in metrics. */
  readonly name?: string;
  readonly source_matchers: readonly string[];
  readonly target_matchers: readonly string[];
  readonly equal: readonly string[];
};

export type AlertmanagerConfig = {
  readonly global: { readonly resolve_timeout: string };
  readonly templates: readonly string[];
  readonly route: Route;
  readonly inhibit_rules: readonly InhibitRule[];
  readonly receivers: readonly Receiver[];
};

/** Alertmanager's configuration as an object; what tests and mutants work on. */
export function alertmanagerConfig(
  profile: TimingProfile,
  endpoints: AlertmanagerEndpoints,
  bundle: Bundle = BUNDLE,
  readBy: ConfigRelease = "0.25",
): AlertmanagerConfig {
  const installation = installationLabels(bundle);
  return {
    global: { resolve_timeout: formatDuration(profile.alertmanager.resolveTimeoutMs) },
    templates: [endpoints.templates],
    route: routingTree(profile, installation),
    inhibit_rules: INHIBITIONS.map(({ source, targets, equal }) => ({
      ...(readBy === "0.25" ? {} : { name: source }),
      source_matchers: [`alertname="${source}"`],
      target_matchers: [`alertname=~"${targets.join("|")}"`],
      equal: [...equal, ...installation],
    })),
    receivers: receivers(endpoints, bundle),
  };
}

/**
 * Labels that distinguish installations in Alertmanager: those of the rules, and those that Prometheus adds when it
 * sends. A label that no alert has changes nothing.
 */
export function installationLabels({ scope, externalLabels }: Bundle = BUNDLE): string[] {
  const external = Object.keys(externalLabels).filter((label) => !scope.replicaLabels.includes(label));
  return [...new Set([...scope.labels, ...external])];
}

/** `alertmanager.yml` for a timing profile and the given endpoints. */
export function renderAlertmanager(
  profile: TimingProfile,
  endpoints: AlertmanagerEndpoints,
  bundle?: Bundle,
  readBy?: ConfigRelease,
): string {
  return generatedYaml(alertmanagerConfig(profile, endpoints, bundle, readBy));
}

/** Command line flags of a profile, which Alertmanager 0.30 and newer have. */
export function alertmanagerFlags({ alertmanager }: TimingProfile): string[] {
  return [`--dispatch.start-delay=${formatDuration(alertmanager.startDelayMs)}`];
}
