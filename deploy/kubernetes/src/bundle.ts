import { BUNDLE, type Bundle } from "@mcp-orchestrator/alerts";

/**
 * The bundle as a cluster needs it. The operator makes a receiver of an AlertmanagerConfig match only alerts of its own
 * namespace, so that alerts have to keep the label that the scrape gave them. Links are those of the cluster: what the
 * compose stack serves on this machine is of no use there.
 */
export function clusterBundle(bundle: Bundle): Bundle {
  const { namespace, links } = bundle.kubernetes;
  const { scope } = bundle;
  if (scope.labels.includes("namespace")) return { ...bundle, links };
  const others = scope.installations.length === 0 ? [{}] : scope.installations;
  return {
    ...bundle,
    links,
    scope: {
      ...scope,
      labels: [...scope.labels, "namespace"],
      installations: others.map((installation) => ({ ...installation, namespace })),
    },
  };
}

export const CLUSTER_BUNDLE: Bundle = clusterBundle(BUNDLE);
