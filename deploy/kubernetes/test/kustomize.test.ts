import { mkdtempDisposableSync, mkdtempSync } from "node:fs";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AlertmanagerConfig } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1alpha1";
import { type BundleConfig, resolveBundle } from "@mcp-orchestrator/alerts";
import { amtool, promtool, promtoolTest, run } from "@mcp-orchestrator/alerts/tools";
import { dump } from "js-yaml";
import { afterAll, describe, expect, test } from "vitest";
import { GENERATED_FOLDER, resources } from "../src/files.ts";
import { NAMESPACE } from "../src/names.ts";
import { scaledObject } from "../src/scaling.ts";
import { kustomize, type Rendered, validate } from "./support/kustomize.ts";
import { asTheOperatorDoes } from "./support/operator.ts";

/** The base and its overlays as `kubectl apply -k` sends them. */

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const OVERLAYS = join(ROOT, "deploy/kubernetes/overlays");
/** Kinds without a namespace. */
const CLUSTER_WIDE = ["Namespace"];

const { path: folder, remove } = mkdtempDisposableSync(join(tmpdir(), "kustomize-"));
afterAll(remove);

const ofKind = <T = Rendered>(objects: readonly Rendered[], kind: string): T => {
  const [found] = objects.filter((each) => each.kind === kind);
  if (found === undefined) throw new Error(`No ${kind}`);
  return found as T;
};
type Rules = {
  spec: { groups: { name: string; rules: { expr: string; record?: string; labels?: Record<string, string> }[] }[] };
};
type Scaled = {
  spec: {
    minReplicaCount: number;
    maxReplicaCount: number;
    fallback: { replicas: number };
    triggers: { metadata: { address: string } }[];
  };
};
type Workload = { spec: { template: { spec: { containers: { image: string }[] } } } };

describe.each([
  ["the base", GENERATED_FOLDER, NAMESPACE],
  ["another-namespace", join(OVERLAYS, "another-namespace"), "orders"],
  ["single-replica", join(OVERLAYS, "single-replica"), NAMESPACE],
])("%s", (_, path, namespace) => {
  test("has every object, valid by the schema of its kind and in its namespace", () => {
    const objects = kustomize(path);
    expect(objects.map(({ kind }) => kind).toSorted()).toEqual(
      [...resources().values()].map(({ kind }) => kind).toSorted(),
    );
    for (const object of objects) validate(object);
    for (const { kind, metadata } of objects) {
      const where = CLUSTER_WIDE.includes(kind) ? metadata.name : metadata.namespace;
      expect(where, `${kind} ${metadata.name}`).toBe(namespace);
    }
  });

  test("uses its namespace in alerts and autoscaler, and no other", () => {
    const objects = kustomize(path);
    const rules = ofKind<Rules>(objects, "PrometheusRule").spec.groups.flatMap((group) => group.rules);
    const labelled = rules.filter(({ labels }) => labels?.namespace !== undefined);
    expect(labelled.map(({ record, labels }) => [record, labels?.namespace])).toEqual([
      ["namespace_mcp_installation:expected", namespace],
    ]);
    for (const { metadata } of ofKind<Scaled>(objects, "ScaledObject").spec.triggers) {
      expect(metadata.address).toBe(`redis.${namespace}.svc.cluster.local:6379`);
    }
    if (namespace !== NAMESPACE)
      expect(JSON.stringify(ofKind(objects, "PrometheusRule").spec)).not.toContain(`"${NAMESPACE}:`);
  });
});

test("single-replica stays at one, however long the queues are", () => {
  const { spec } = ofKind<Scaled>(kustomize(join(OVERLAYS, "single-replica")), "ScaledObject");
  expect([spec.minReplicaCount, spec.maxReplicaCount, spec.fallback.replicas]).toEqual([1, 1, 1]);
});

describe("where KEDA finds Redis under another namespace", () => {
  type Access = NonNullable<BundleConfig["kubernetes"]>;
  /** The triggers of the overlay. @throws Error with what kustomize says */
  async function triggers(access: Access) {
    const root = mkdtempSync(join(folder, "access-"));
    await cp(GENERATED_FOLDER, join(root, "generated"), { recursive: true });
    await cp(join(OVERLAYS, "another-namespace"), join(root, "overlays/another-namespace"), { recursive: true });
    const configured = scaledObject(resolveBundle({ kubernetes: access }).kubernetes);
    await writeFile(join(root, "generated/scaled-object.yaml"), dump(configured.toJSON()));
    return ofKind<Scaled>(kustomize(join(root, "overlays/another-namespace")), "ScaledObject").spec.triggers;
  }
  const ports = [7000, 7001, 7002, 7003, 7004, 7005];
  const inOrders = (port: number) => `node-${port}.orders.svc.cluster.local:${port}`;

  test.each<[string, Access, object]>([
    [
      "an address outside it",
      { redis: { url: "rediss://redis.example.com:6380" } },
      { address: "redis.example.com:6380" },
    ],
    [
      "Sentinels",
      { redis: { sentinel: { master: "main", nodes: ["b.example:26379", "a:26379"] } } },
      { addresses: "a.orders.svc.cluster.local:26379,b.example:26379" },
    ],
    [
      "Sentinels outside it",
      { redis: { sentinel: { master: "main", nodes: ["a.example:26379"] } }, clusterDomain: "example.k8s.local" },
      { addresses: "a.example:26379" },
    ],
    [
      "a Cluster",
      { redis: { cluster: ports.map((port) => `node-${port}:${port}`) } },
      { addresses: ports.map(inOrders).join(",") },
    ],
    [
      "one server of a cluster with another domain",
      { clusterDomain: "example.k8s.local" },
      { address: "redis.orders.svc.example.k8s.local:6379" },
    ],
  ])("%s", async (_, access, metadata) => {
    for (const trigger of await triggers(access)) expect(trigger).toMatchObject({ metadata });
  });

  test.each<[string, Access]>([
    ["of a larger Cluster", { redis: { cluster: [...ports, 7006].map((port) => `node-${port}:${port}`) } }],
    ["with another domain", { redis: { cluster: ["a:7000", "b:7000"] }, clusterDomain: "example.k8s.local" }],
  ])("short names %s are an error that names the remedy", async (_, access) => {
    await expect(triggers(access)).rejects.toThrow(/kubernetes\.namespace in bundle\.config\.ts/);
  });
});

describe("alerts under another namespace", () => {
  const overlay = () => kustomize(join(OVERLAYS, "another-namespace"));

  test("name an installation that is missing", async () => {
    const { groups } = ofKind<Rules>(overlay(), "PrometheusRule").spec;
    const labels = 'namespace="orders", severity="critical", service="mcp-orchestrator", team="platform", page="true"';
    const firing = (more: string) => `ALERTS{alertname="NoActiveWorkers", alertstate="firing"${more}}`;
    const expected = [{ labels: firing(`, ${labels}`), value: 1 }];
    const tests = {
      rule_files: ["rules.yml"],
      evaluation_interval: "15s",
      tests: [
        {
          interval: "15s",
          input_series: [{ series: "nothing", values: "0x40" }],
          promql_expr_test: [{ expr: firing(""), eval_time: "5m", exp_samples: expected }],
        },
      ],
    };
    expect(await promtoolTest(promtool("3.5"), dump({ groups }), dump(tests))).toMatchObject({ ok: true });
  });

  test("reach the receivers of the AlertmanagerConfig", async () => {
    const resource = ofKind<AlertmanagerConfig>(overlay(), "AlertmanagerConfig");
    await writeFile(join(folder, "alertmanager.yml"), dump(asTheOperatorDoes(resource, "orders")));
    const labels = ["alertname=NoActiveWorkers", "namespace=orders", "severity=critical", "page=true"];
    const args = ["config", "routes", "test", `--config.file=${join(folder, "alertmanager.yml")}`, ...labels];
    const { output } = await run(amtool("0.33"), args);
    expect(output.trim().split("\n").at(-1)).toBe(
      ["pagerduty", "slack-critical"].map((name) => `orders/mcp-orchestrator/${name}`).join(","),
    );
  });
});

test("kustomize renders the overlay of the guide, with the image", async () => {
  const guide = await readFile(join(ROOT, "docs/guides/kubernetes.md"), "utf8");
  const [, indented = ""] = /```yaml\n([\s\S]*?kind: Kustomization[\s\S]*?)```/.exec(guide) ?? [];
  await cp(GENERATED_FOLDER, join(folder, "generated"), { recursive: true });
  await mkdir(join(folder, "overlays/production"), { recursive: true });
  await writeFile(join(folder, "overlays/production/kustomization.yaml"), indented.replaceAll(/^ {3}/gm, ""));
  const { spec } = ofKind<Workload>(kustomize(join(folder, "overlays/production")), "Deployment");
  expect(spec.template.spec.containers.map(({ image }) => image)).toEqual([
    "registry.example.com/mcp-orchestrator:0.1.0",
  ]);
});
