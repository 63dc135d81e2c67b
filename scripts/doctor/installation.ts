import { type AlertmanagerConfig, accountEndpoints, alertmanagerConfig } from "@mcp-orchestrator/alertmanager";
import { type Alert, type Bundle, buildCatalogue, PRODUCTION, type RuleFile, ruleFile } from "@mcp-orchestrator/alerts";
import { clusterBundle } from "../../deploy/kubernetes/src/bundle.ts";

/** The expected state of an installation, by its bundle. */
export type Installation = {
  readonly bundle: Bundle;
  readonly alerts: readonly Alert[];
  readonly rules: RuleFile;
  readonly notifications: AlertmanagerConfig;
  /** How rules and configuration get to the servers, for the advice of a finding. */
  readonly apply: { readonly rules: string; readonly notifications: string };
};

const BY_FILE = {
  rules:
    "Run `npm run generate`, give Prometheus alerts/generated/mcp-orchestrator.rules.yml and reload it (SIGHUP, or POST " +
    "/-/reload with --web.enable-lifecycle).",
  notifications:
    "Merge alertmanager/generated/alertmanager.accounts.yml (alertmanager.accounts-0.25.yml before 0.30) into " +
    "Alertmanager's configuration and reload it.",
};
const BY_COMPOSE = {
  rules: "Run `npm run generate` and `docker compose restart prometheus`.",
  notifications: "Run `npm run generate`, `docker compose run --rm setup` and `docker compose restart alertmanager`.",
};
// Not the base, which would put its image in place of the overlay's.
const APPLY_OVERLAY = "Run `npm run generate`, and `kubectl apply -k` with your overlay";
const BY_MANIFEST = {
  rules: `${APPLY_OVERLAY}.`,
  notifications: `${APPLY_OVERLAY}; the Alertmanager must select the AlertmanagerConfig (\`kubernetes.notificationLabels\`).`,
};

const APPLY: Readonly<Record<Bundle["deployment"], Installation["apply"]>> = {
  ...{ compose: BY_COMPOSE, kubernetes: BY_MANIFEST },
  ...{ native: BY_FILE, supervisor: BY_FILE },
};

/** The same bundle where an overlay of the manifests has another namespace. */
export function inNamespace(bundle: Bundle, namespace: string): Bundle {
  const { kubernetes, scope } = bundle;
  const installations = scope.installations.map((labels) =>
    labels.namespace === kubernetes.namespace ? { ...labels, namespace } : labels,
  );
  return { ...bundle, kubernetes: { ...kubernetes, namespace }, scope: { ...scope, installations } };
}

/** The installation of a bundle; in a cluster with the additions of the manifests. */
export function installationOf(configured: Bundle): Installation {
  const inCluster = configured.deployment === "kubernetes";
  const bundle = inCluster ? clusterBundle(configured) : configured;
  const catalogue = buildCatalogue(bundle);
  return {
    bundle,
    alerts: catalogue.groups.flatMap(({ alerts }) => alerts),
    rules: ruleFile(PRODUCTION, catalogue),
    notifications: alertmanagerConfig(PRODUCTION, accountEndpoints(bundle), bundle),
    apply: APPLY[configured.deployment],
  };
}
