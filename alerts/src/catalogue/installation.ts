import type { Narrowing } from "../promql/scope.ts";
import type { ObjectiveSettings } from "../slo/objectives.ts";

type Texts = Readonly<Record<string, string>>;

/** What of a bundle changes its alerts. The bundle itself names thresholds by alert, and so depends on the catalogue. */
export type Installation = Narrowing & {
  readonly scope: { readonly installations: readonly Texts[] };
  readonly alertLabels: Texts;
  readonly expectedReplicas: number;
  readonly slo: ObjectiveSettings;
  readonly thresholds: Readonly<Record<string, number | undefined>>;
  readonly links: { readonly runbooks?: string | undefined; readonly dashboards?: string | undefined };
  readonly kubernetes: { readonly namespace: string };
};

/**
 * The scope in a cluster. The operator limits the receivers of an AlertmanagerConfig to alerts of its namespace, so alerts
 * keep the namespace label of their targets.
 */
export function clusterScope<S extends { labels: readonly string[]; installations: readonly Texts[] }>({
  scope,
  kubernetes: { namespace },
}: {
  readonly scope: S;
  readonly kubernetes: { readonly namespace: string };
}) {
  if (scope.labels.includes("namespace")) return scope;
  const others = scope.installations.length === 0 ? [{}] : scope.installations;
  return {
    ...scope,
    labels: [...scope.labels, "namespace"],
    installations: others.map((installation) => ({ ...installation, namespace })),
  };
}
