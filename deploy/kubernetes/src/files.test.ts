import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { accountEndpoints, alertmanagerConfig, INHIBITIONS } from "@mcp-orchestrator/alertmanager";
import {
  alertNamed,
  BUNDLE,
  buildCatalogue,
  driftOf,
  PRODUCTION,
  resolveBundle,
  ruleFile,
} from "@mcp-orchestrator/alerts";
import { LANES } from "mcp-orchestrator/contract";
import { createKeys } from "mcp-orchestrator/keys";
import { SETTINGS as KNOWN_SETTINGS } from "mcp-orchestrator/settings";
import { longestShutdownMs } from "mcp-orchestrator/shutdown";
import { describe, expect, test } from "vitest";
import { CLUSTER_BUNDLE } from "./bundle.ts";
import { GENERATED_FOLDER, generatedFiles, resources } from "./files.ts";
import { prometheusRule, serviceMonitor } from "./monitoring.ts";
import { NAME } from "./names.ts";
import { networkPolicy } from "./network.ts";
import { alertmanagerConfigResource, notificationSecretKeys } from "./notifications.ts";
import { redisAccess } from "./redis.ts";
import { entriesPerReplica, redisAuthentication, scaledObject } from "./scaling.ts";
import { replicaMemoryMib, SETTINGS } from "./settings.ts";
import { deployment, disruptionBudget, service } from "./workload.ts";

test("the committed generated files are up to date (npm run generate)", async () => {
  expect(await driftOf(GENERATED_FOLDER, generatedFiles())).toEqual([]);
});

test.each([...resources()])("%s is valid by the schema of its kind", (_, resource) => {
  resource.validate();
});

test.each([...resources()])("`kubectl apply` can keep %s in its annotation", (_, resource) => {
  const MOST_BYTES = 262_144;
  expect(Buffer.byteLength(JSON.stringify(resource))).toBeLessThan(MOST_BYTES);
});

test("a resource that its schema does not allow is rejected", () => {
  const broken = scaledObject();
  broken.spec.maxReplicaCount = "many" as unknown as number;
  expect(() => broken.validate()).toThrow(/maxReplicaCount/);
});

test("the kustomization names every other file", () => {
  const files = generatedFiles();
  const listed = (files.get("kustomization.yaml") ?? "").split("\n").filter((line) => line.startsWith("  - "));
  const others = [...files.keys()].filter((path) => path !== "kustomization.yaml");
  expect(listed.filter((line) => line.endsWith(".yaml"))).toEqual(others.map((path) => `  - ${path}`));
});

const fallback = (name: keyof typeof KNOWN_SETTINGS) => Number(KNOWN_SETTINGS[name].fallback);

describe("the workload", () => {
  test("is configured with settings that the service knows and accepts", () => {
    for (const [name, value] of Object.entries(SETTINGS)) {
      const setting = KNOWN_SETTINGS[name as keyof typeof KNOWN_SETTINGS];
      expect(setting, `${name} is a setting`).toBeDefined();
      expect(setting.schema.safeParse(value).success, `${name}=${value}`).toBe(true);
    }
  });

  test("is not killed before it has drained, under any service manager", () => {
    const defaults = {
      shutdownDelayMs: fallback("SHUTDOWN_DELAY_MS"),
      shutdownTimeoutMs: fallback("SHUTDOWN_TIMEOUT_MS"),
    };
    const pod = { ...defaults, shutdownDelayMs: Number(SETTINGS.SHUTDOWN_DELAY_MS) };
    const longestPodMs = longestShutdownMs({ ...pod, shutdownTimeoutMs: Number(SETTINGS.SHUTDOWN_TIMEOUT_MS) });
    const graceMs = (deployment.spec?.template.spec?.terminationGracePeriodSeconds ?? 0) * 1000;
    expect(graceMs).toBeGreaterThan(longestPodMs);
    // 10 s for proxies, 2 for requests, 28 for workers, 2 for loops, 1 for the log.
    expect(longestPodMs).toBe(43_000);
    for (const [path, pattern] of [
      ["docker-compose.yml", /stop_grace_period: (\d+)s/],
      ["deploy/systemd/mcp-orchestrator.service", /^TimeoutStopSec=(\d+)s$/m],
      ["deploy/supervisor/mcp-orchestrator.conf", /^stopwaitsecs=(\d+)$/m],
    ] as const) {
      const text = readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
      expect(Number(pattern.exec(text)?.[1]) * 1000, path).toBeGreaterThan(longestShutdownMs(defaults));
    }
  });

  test("gives every replica its own name", () => {
    const [container] = deployment.spec?.template.spec?.containers ?? [];
    expect(container?.env).toContainEqual({
      name: "INSTANCE_ID",
      valueFrom: { fieldRef: { fieldPath: "metadata.name" } },
    });
  });

  test("is what service, monitor and disruption budget select", () => {
    const labels = deployment.spec?.template.metadata?.labels ?? {};
    for (const selector of [
      deployment.spec?.selector.matchLabels,
      service.spec?.selector,
      disruptionBudget.spec?.selector?.matchLabels,
    ]) {
      expect(labels).toMatchObject(selector ?? { selector: "missing" });
    }
    expect(service.metadata?.labels).toMatchObject(serviceMonitor.spec.selector.matchLabels ?? { none: "" });
  });

  test("is scraped under the job that rules and dashboards match", () => {
    expect(serviceMonitor.spec.endpoints?.[0]?.relabelings).toContainEqual({
      action: "replace",
      targetLabel: "job",
      replacement: BUNDLE.job,
    });
  });
});

describe("the rules", () => {
  const shipped = ruleFile(PRODUCTION, buildCatalogue(CLUSTER_BUNDLE)).groups.flatMap(({ rules }) => rules);
  const EXPECTED = `${CLUSTER_BUNDLE.scope.labels.join("_")}_mcp_installation:expected`;
  const here = prometheusRule().spec.groups?.flatMap(({ rules }) => rules ?? []) ?? [];

  test("are the catalogue's, expression by expression", () => {
    expect(here.map(({ expr }) => expr)).toEqual(shipped.map(({ expr }) => expr));
  });

  test("keep the namespace label, which receivers match, in every expression", () => {
    const grouped = here.filter(({ expr }) => / by \(/.test(String(expr)));
    expect(grouped.length).toBeGreaterThan(10);
    expect(grouped.filter(({ expr }) => / by \((?![^)]*\bnamespace\b)/.test(String(expr)))).toEqual([]);
    expect(here.find(({ alert }) => alert === "Watchdog")?.expr).toBe(EXPECTED);
  });

  test("name the namespace in one place, which an overlay replaces", () => {
    const named = here.filter(({ expr, labels }) => labels?.namespace !== undefined || /namespace=/.test(String(expr)));
    expect(named.map(({ record, labels }) => ({ record, labels }))).toEqual(
      CLUSTER_BUNDLE.scope.installations.map((labels) => ({ record: EXPECTED, labels })),
    );
  });

  test("do not link to localhost", () => {
    expect(JSON.stringify(prometheusRule())).not.toContain("localhost");
  });
});

describe("the notifications", () => {
  const { spec } = alertmanagerConfigResource();
  const shipped = alertmanagerConfig(PRODUCTION, accountEndpoints());

  test("go to the same receivers by the same routes", () => {
    expect(spec.receivers?.map(({ name }) => name)).toEqual(shipped.receivers.map(({ name }) => name));
    const routes = (spec.route as unknown as { routes: { receiver: string; matchers: object[] }[] }).routes;
    expect(routes.map(({ receiver, matchers }) => [receiver, matchers.length])).toEqual(
      shipped.route.routes?.map(({ receiver, matchers }) => [receiver, matchers?.length]),
    );
    expect(routes.flatMap(({ matchers }) => matchers)).toContainEqual({ name: "page", matchType: "=", value: "true" });
  });

  test("have the same inhibitions", () => {
    expect(spec.inhibitRules?.map(({ sourceMatch }) => sourceMatch?.map(({ value }) => value))).toEqual(
      INHIBITIONS.map(({ source }) => [source]),
    );
  });

  test("take every address and key from one secret", () => {
    expect(notificationSecretKeys()).toEqual([
      "deadman-url",
      "pagerduty-routing-key",
      "slack-critical-url",
      "slack-team-platform-url",
      "slack-warnings-url",
    ]);
    expect(JSON.stringify(spec)).not.toMatch(/_file|\/etc\/alertmanager/);
  });
});

describe("the autoscaler", () => {
  const kubernetes = (config: object) => resolveBundle({ kubernetes: config }).kubernetes;

  test("watches the length of every stream, which includes pending entries", () => {
    const keys = createKeys("mcp");
    const triggers = scaledObject().spec.triggers;
    expect(triggers.map(({ metadata }) => metadata.stream)).toEqual(
      BUNDLE.kubernetes.types.flatMap((type) => LANES.map((lane) => keys.queue(type, lane).stream)),
    );
    for (const { metadata } of triggers) {
      expect(metadata.streamLength).toBe(String(entriesPerReplica()));
      expect(metadata).not.toHaveProperty("consumerGroup");
      expect(metadata).not.toHaveProperty("lagCount");
    }
  });

  test("acts before the alert on lag, and keeps replicas while it cannot reach Redis", () => {
    expect(entriesPerReplica()).toBeLessThan(alertNamed("HighConsumerLag").threshold.value);
    const { fallback, minReplicaCount = 0, maxReplicaCount = 0 } = scaledObject().spec;
    expect(fallback?.replicas).toBeGreaterThanOrEqual(minReplicaCount);
    expect(fallback?.replicas).toBeLessThanOrEqual(maxReplicaCount);
  });

  test("is the only one to set the number of replicas", () => {
    expect(deployment.spec).not.toHaveProperty("replicas");
  });

  test("finds Redis from the namespace of its operator", () => {
    const address = (config: object) => scaledObject(kubernetes(config)).spec.triggers[0]?.metadata.address;
    expect(address({})).toBe("redis.mcp-orchestrator.svc.cluster.local:6379");
    expect(address({ namespace: "orders", clusterDomain: "k8s.example" })).toBe("redis.orders.svc.k8s.example:6379");
    expect(address({ redis: { url: "rediss://redis.example.com:6380" } })).toBe("redis.example.com:6380");
  });

  test.each([
    [{ url: "rediss://redis.example.com:6380" }, "redis-streams", { enableTLS: "true" }, [6380], "mcp:queue:ml"],
    [
      { sentinel: { master: "main", nodes: ["a.example:26379", "b:26380"] } },
      "redis-sentinel-streams",
      { sentinelMaster: "main", addresses: "b.mcp-orchestrator.svc.cluster.local:26380,a.example:26379" },
      [26_379, 26_380, 6379],
      "mcp:queue:ml",
    ],
    [
      { cluster: ["a.example:7000", "b.example:7000"] },
      "redis-cluster-streams",
      { addresses: "a.example:7000,b.example:7000" },
      [7000],
      "{mcp}:queue:ml",
    ],
  ])("follows Redis at %j", (redis, type, metadata, ports, stream) => {
    const configured = kubernetes({ redis, types: ["ml"] });
    const [, regular] = scaledObject(configured).spec.triggers;
    expect(regular).toMatchObject({ type, metadata: { ...metadata, stream, username: "orchestrator" } });
    expect(redisAccess(configured).ports).toEqual(ports);
    scaledObject(configured).validate();
    for (const [name, value] of Object.entries(redisAccess(configured).settings)) {
      const setting = KNOWN_SETTINGS[name as keyof typeof KNOWN_SETTINGS];
      expect(setting.schema.safeParse(value).success, `${name}=${value}`).toBe(true);
    }
  });

  test("reads the database that the address names", () => {
    const [trigger] = scaledObject(kubernetes({ redis: { url: "redis://redis:6379/3" } })).spec.triggers;
    expect(trigger?.metadata).toMatchObject({
      address: "redis.mcp-orchestrator.svc.cluster.local:6379",
      databaseIndex: "3",
    });
  });

  test("logs in to Sentinels with a password, like the service", () => {
    const sentinel = { master: "main", nodes: ["a.example:26379"], username: "watcher", password: true };
    const configured = kubernetes({ redis: { sentinel } });
    expect(scaledObject(configured).spec.triggers[0]?.metadata).toMatchObject({ sentinelUsername: "watcher" });
    expect(redisAuthentication(configured).spec.secretTargetRef).toEqual([
      { parameter: "password", name: "mcp-orchestrator", key: "redis-password" },
      { parameter: "sentinelPassword", name: "mcp-orchestrator", key: "sentinel-password" },
    ]);
    expect(redisAccess(configured).settings).toMatchObject({
      REDIS_SENTINEL_USERNAME: "watcher",
      REDIS_SENTINEL_PASSWORD_FILE: "/run/secrets/mcp-orchestrator/sentinel-password",
    });
  });

  test.each([
    ["one server", {}],
    ["Sentinels", { sentinel: { master: "main", nodes: ["a.example:26379"] } }],
    ["a Cluster", { cluster: ["a.example:7000"] }],
  ])("trusts a private authority and shows a certificate, like the service: %s", (_, where) => {
    const tls = { privateCa: true, clientCertificate: true };
    const configured = kubernetes({ redis: { url: "rediss://redis.example.com:6380", ...where, tls } });
    // As its documentation has it: `enableTLS` in the trigger, and no `tls` in the authentication.
    expect(scaledObject(configured).spec.triggers[0]?.metadata).toMatchObject({ enableTLS: "true" });
    const authentication = redisAuthentication(configured);
    authentication.validate();
    const secret = (parameter: string, key: string) => ({ parameter, name: "mcp-orchestrator", key });
    expect(authentication.spec.secretTargetRef).toEqual([
      secret("password", "redis-password"),
      secret("ca", "redis-ca.crt"),
      secret("cert", "redis-client.crt"),
      secret("key", "redis-client.key"),
    ]);
    expect(redisAccess(configured).settings).toMatchObject({
      REDIS_TLS_CA_FILE: "/run/secrets/mcp-orchestrator/redis-ca.crt",
      REDIS_TLS_CERT_FILE: "/run/secrets/mcp-orchestrator/redis-client.crt",
      REDIS_TLS_KEY_FILE: "/run/secrets/mcp-orchestrator/redis-client.key",
    });
    const publicCa = kubernetes({ redis: { url: "rediss://redis.example.com:6380", ...where } });
    expect(JSON.stringify([redisAuthentication(publicCa), redisAccess(publicCa)])).not.toMatch(/crt|REDIS_TLS/);
  });

  test("watches custom types", () => {
    const triggers = scaledObject(kubernetes({ types: ["ml", "translate"] })).spec.triggers;
    expect(triggers.map(({ metadata }) => metadata.stream)).toContain("mcp:queue:translate:express");
  });
});

test("rules, monitor and notifications have the labels by which the operator selects each", () => {
  const { kubernetes } = BUNDLE;
  const labelled = (labels: object) => expect.objectContaining({ "app.kubernetes.io/name": NAME, ...labels });
  expect(serviceMonitor.metadata?.labels).toEqual(labelled(kubernetes.monitorLabels));
  expect(alertmanagerConfigResource().metadata?.labels).toEqual(labelled(kubernetes.notificationLabels));
  expect(prometheusRule().metadata?.labels).toEqual(labelled(kubernetes.ruleLabels));
  const ruleLabels = { release: "monitoring" };
  const other = prometheusRule({ ...CLUSTER_BUNDLE, kubernetes: { ...CLUSTER_BUNDLE.kubernetes, ruleLabels } });
  expect(other.metadata?.labels).toEqual(labelled(ruleLabels));
});

test("the network policy allows the ports that are configured, and no others", () => {
  const { ingress = [], egress = [] } = networkPolicy.spec ?? {};
  const portsOf = (rules: readonly { ports?: readonly { port?: unknown }[] }[]) =>
    rules.map(({ ports = [] }) => ports.map(({ port }) => port));
  expect(portsOf(ingress)).toEqual([[BUNDLE.kubernetes.httpPort]]);
  expect(portsOf(egress)).toEqual([[53, 53], redisAccess().ports, BUNDLE.kubernetes.egressPorts]);
});

test("a node can be drained with a single replica", () => {
  expect(disruptionBudget.spec).toMatchObject({ maxUnavailable: 1 });
});

test("the memory limits of container, pod and unit are enough for the main process and every worker at its limit", async () => {
  const builtIn = replicaMemoryMib();
  expect(builtIn).toBe(512 + 3 * 2 * 512);
  expect(replicaMemoryMib(["ml", "translate"])).toBe(512 + 4 * 2 * 512);
  const text = async (path: string) => await readFile(new URL(`../../../${path}`, import.meta.url), "utf8");
  const { limits } = deployment.spec?.template.spec?.containers[0]?.resources ?? {};
  expect(limits?.memory).toBe(`${replicaMemoryMib(BUNDLE.kubernetes.types)}Mi`);
  const orchestrator = /^ {2}orchestrator:\n((?: {4}.*\n|\n)+)/m.exec(await text("docker-compose.yml"))?.[1];
  expect(orchestrator).toContain(`memory: ${builtIn}M }`);
  expect(await text("deploy/systemd/mcp-orchestrator.service")).toContain(`\nMemoryMax=${builtIn}M\n`);
  expect(await text("deploy/supervisor/mcp-orchestrator.conf")).toContain(` ${builtIn} MiB `);
});
