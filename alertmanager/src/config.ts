import { formatDuration, generatedYaml, type TimingProfile } from "@mcp-orchestrator/alerts";
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
export function alertmanagerConfig(profile: TimingProfile, endpoints: AlertmanagerEndpoints): AlertmanagerConfig {
  return {
    global: { resolve_timeout: formatDuration(profile.alertmanager.resolveTimeoutMs) },
    templates: [endpoints.templates],
    route: routingTree(profile),
    inhibit_rules: INHIBITIONS.map(({ source, targets, equal }) => ({
      source_matchers: [`alertname="${source}"`],
      target_matchers: [`alertname=~"${targets.join("|")}"`],
      equal: [...equal],
    })),
    receivers: receivers(endpoints),
  };
}

/** `alertmanager.yml` for a timing profile and the given endpoints. */
export function renderAlertmanager(profile: TimingProfile, endpoints: AlertmanagerEndpoints): string {
  return generatedYaml(alertmanagerConfig(profile, endpoints));
}

/** Command line flags that belong to a profile, of releases since 0.30. */
export function alertmanagerFlags({ alertmanager }: TimingProfile): string[] {
  return [`--dispatch.start-delay=${formatDuration(alertmanager.startDelayMs)}`];
}
