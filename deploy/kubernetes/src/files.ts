import { fileURLToPath } from "node:url";
import { type GeneratedFiles, generatedYaml } from "@mcp-orchestrator/alerts";
import { dashboardConfigMaps } from "./dashboards.ts";
import { prometheusRule, serviceMonitor } from "./monitoring.ts";
import { NAMESPACE } from "./names.ts";
import { networkPolicy } from "./network.ts";
import { alertmanagerConfigResource } from "./notifications.ts";
import { redisAuthentication, scaledObject } from "./scaling.ts";
import { deployment, disruptionBudget, IMAGE, namespace, service, serviceAccount, settings } from "./workload.ts";

/** Folder of the kustomize base. */
export const GENERATED_FOLDER = fileURLToPath(new URL("../generated", import.meta.url));

/** An object of the cluster that validates itself by its schema. */
export type Resource = {
  readonly kind: string;
  readonly metadata?: { readonly name?: string };
  validate(): void;
  toJSON(): unknown;
};

/** The objects of the base, by file. */
export function resources(): ReadonlyMap<string, Resource> {
  return new Map<string, Resource>([
    ["namespace.yaml", namespace],
    ["service-account.yaml", serviceAccount],
    ["settings.yaml", settings],
    ["deployment.yaml", deployment],
    ["service.yaml", service],
    ["pod-disruption-budget.yaml", disruptionBudget],
    ["network-policy.yaml", networkPolicy],
    ["service-monitor.yaml", serviceMonitor],
    ["prometheus-rule.yaml", prometheusRule()],
    ["alertmanager-config.yaml", alertmanagerConfigResource()],
    ["trigger-authentication.yaml", redisAuthentication()],
    ["scaled-object.yaml", scaledObject()],
    ...dashboardConfigMaps().map((map): [string, Resource] => [`${map.metadata?.name}.yaml`, map]),
  ]);
}

/** Every file of the base. */
export function generatedFiles(): GeneratedFiles {
  const files = resources();
  const kustomization = {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    namespace: NAMESPACE,
    images: [{ name: IMAGE, newTag: "0.1.0" }],
    resources: [...files.keys()],
  };
  return new Map([
    ["kustomization.yaml", generatedYaml(kustomization)],
    ...[...files].map(([path, resource]): [string, string] => [path, generatedYaml(plain(resource))]),
  ]);
}

function plain(resource: Resource): unknown {
  return JSON.parse(JSON.stringify(resource));
}
