import { BUNDLE, type Bundle, formatDuration, generatedYaml, type TimingProfile } from "@mcp-orchestrator/alerts";
import type { AlertmanagerEndpoints } from "./endpoints.ts";
import { INHIBITIONS } from "./inhibitions.ts";
import { type Receiver, receivers } from "./receivers.ts";
import { type Route, routingTree } from "./routes.ts";

export type InhibitRule = {
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
): AlertmanagerConfig {
  const installation = installationLabels(bundle);
  return {
    global: { resolve_timeout: formatDuration(profile.alertmanager.resolveTimeoutMs) },
    templates: [endpoints.templates],
    route: routingTree(profile, installation),
    inhibit_rules: INHIBITIONS.map(({ source, targets, equal }) => ({
      source_matchers: [`alertname="${source}"`],
      target_matchers: [`alertname=~"${targets.join("|")}"`],
      equal: [...equal, ...installation],
    })),
    receivers: receivers(endpoints, bundle),
  };
}

/**
 * Labels that tell installations apart where an alert arrives: those of the rules, and what Prometheus adds when it sends.
 * A label that no alert has is the same on all of them.
 */
function installationLabels({ scope, externalLabels }: Bundle): string[] {
  const external = Object.keys(externalLabels).filter((label) => !scope.replicaLabels.includes(label));
  return [...new Set([...scope.labels, ...external])];
}

/** `alertmanager.yml` for a timing profile and the given endpoints. */
export function renderAlertmanager(profile: TimingProfile, endpoints: AlertmanagerEndpoints, bundle?: Bundle): string {
  return generatedYaml(alertmanagerConfig(profile, endpoints, bundle));
}

/** Command line flags that belong to a profile, of releases since 0.30. */
export function alertmanagerFlags({ alertmanager }: TimingProfile): string[] {
  return [`--dispatch.start-delay=${formatDuration(alertmanager.startDelayMs)}`];
}
