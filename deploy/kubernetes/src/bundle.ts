import { BUNDLE, type Bundle, clusterScope } from "@mcp-orchestrator/alerts";

/** The bundle for a cluster, with the scope that its operator needs. Links are those of the cluster, not of compose. */
export function clusterBundle(bundle: Bundle): Bundle {
  return { ...bundle, links: bundle.kubernetes.links, scope: clusterScope(bundle) };
}

export const CLUSTER_BUNDLE: Bundle = clusterBundle(BUNDLE);
