import { BUNDLE, type Bundle, KUBERNETES_SECRETS_PATH } from "@mcp-orchestrator/alerts";

type Kubernetes = Bundle["kubernetes"];

/** How Redis is reached: one server, Sentinels that name the master, or a cluster. */
export type RedisAccess = {
  /** Settings of the service. */
  readonly settings: Readonly<Record<string, string>>;
  /** Prefix of all keys; in a cluster its hash tag keeps them in one slot. */
  readonly keyPrefix: string;
  /** KEDA's scaler with its addresses of Redis. */
  readonly scaler: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Marks what of `metadata` names the namespace of the base: overlays/another-namespace selects it. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Secret parameters of the scaler, by their keys in the secret of the service. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Ports that the pods connect to. */
  readonly ports: readonly number[];
};

const DEFAULT_PORT = 6379;
const MARK = "mcp-orchestrator/redis";
const IN_NAMESPACE = "in-namespace";
/** The overlay finds a namespace by its position between dots: in this many nodes, in a domain such as `cluster.local`. */
const MOST_IN_NAMESPACE = 6;
const DOMAIN_PARTS = 2;
/** Keys of the secret of the service. */
const PASSWORD = "redis-password";
const SENTINEL_PASSWORD = "sentinel-password";
/** The same for TLS, each with the setting of the service that names its file, and KEDA's parameter. */
const CERTIFICATES = [
  { where: "privateCa", key: "redis-ca.crt", setting: "REDIS_TLS_CA_FILE", parameter: "ca" },
  { where: "clientCertificate", key: "redis-client.crt", setting: "REDIS_TLS_CERT_FILE", parameter: "cert" },
  { where: "clientCertificate", key: "redis-client.key", setting: "REDIS_TLS_KEY_FILE", parameter: "key" },
] as const;

/**
 * The access to Redis, by the bundle. KEDA resolves names in the namespace of its operator, so a short name gets the
 * namespace of the service.
 */
export function redisAccess({ redis, namespace, clusterDomain }: Kubernetes = BUNDLE.kubernetes): RedisAccess {
  const { sentinel, cluster } = redis;
  const url = new URL(redis.url);
  const isShort = (host: string) => !host.includes(".");
  const qualified = (node: string) => {
    const [host = "", port = String(DEFAULT_PORT)] = node.split(":");
    return `${isShort(host) ? `${host}.${namespace}.svc.${clusterDomain}` : host}:${port}`;
  };
  const inNamespace = (nodes: readonly string[]) => nodes.filter((node) => isShort(node.split(":")[0] ?? ""));
  // Those of the namespace first, so that their positions do not depend on the others.
  const list = (nodes: readonly string[]) => [...new Set([...inNamespace(nodes), ...nodes])].map(qualified).join(",");
  const marksOf = (nodes: readonly string[]): Record<string, string> => {
    const own = inNamespace(nodes);
    if (own.length === 0) return {};
    const isFound = own.length <= MOST_IN_NAMESPACE && clusterDomain.split(".").length === DOMAIN_PARTS;
    if (!isFound) return { [MARK]: "in-base-only" };
    return Object.fromEntries(own.map((_, index) => [`${MARK}-${index + 1}`, IN_NAMESPACE]));
  };
  const database = url.pathname.replace(/^\//, "");
  const common = {
    username: redis.username,
    ...(database === "" ? {} : { databaseIndex: database }),
    ...(url.protocol === "rediss:" ? { enableTLS: "true" } : {}),
  };
  const certificates = CERTIFICATES.filter(({ where }) => redis.tls[where]);
  const settings = {
    REDIS_URL: redis.url,
    ...Object.fromEntries(certificates.map(({ setting, key }) => [setting, `${KUBERNETES_SECRETS_PATH}/${key}`])),
  };
  // With `enableTLS` in the trigger; KEDA rejects the parameter `tls` beside it.
  const secrets = {
    password: PASSWORD,
    ...Object.fromEntries(certificates.map(({ parameter, key }) => [parameter, key])),
  };
  const portsOf = (nodes: readonly string[]) => nodes.map((node) => Number(node.split(":")[1] ?? DEFAULT_PORT));
  const own = Number(url.port || DEFAULT_PORT);
  if (sentinel !== undefined) {
    return {
      settings: {
        ...settings,
        REDIS_SENTINELS: sentinel.nodes.join(","),
        REDIS_SENTINEL_NAME: sentinel.master,
        ...(sentinel.username === undefined ? {} : { REDIS_SENTINEL_USERNAME: sentinel.username }),
        ...(sentinel.password
          ? { REDIS_SENTINEL_PASSWORD_FILE: `${KUBERNETES_SECRETS_PATH}/${SENTINEL_PASSWORD}` }
          : {}),
      },
      keyPrefix: "mcp",
      scaler: "redis-sentinel-streams",
      metadata: {
        ...common,
        addresses: list(sentinel.nodes),
        sentinelMaster: sentinel.master,
        ...(sentinel.username === undefined ? {} : { sentinelUsername: sentinel.username }),
      },
      annotations: marksOf(sentinel.nodes),
      secrets: { ...secrets, ...(sentinel.password ? { sentinelPassword: SENTINEL_PASSWORD } : {}) },
      // The Sentinels, and the masters that they name.
      ports: [...new Set([...portsOf(sentinel.nodes), own])],
    };
  }
  if (cluster !== undefined) {
    return {
      settings: { ...settings, REDIS_CLUSTER_NODES: cluster.join(",") },
      keyPrefix: "{mcp}",
      scaler: "redis-cluster-streams",
      metadata: { ...common, addresses: list(cluster) },
      annotations: marksOf(cluster),
      secrets,
      ports: [...new Set(portsOf(cluster))],
    };
  }
  return {
    settings,
    keyPrefix: "mcp",
    scaler: "redis-streams",
    metadata: { ...common, address: qualified(`${url.hostname}:${own}`) },
    annotations: isShort(url.hostname) ? { [MARK]: IN_NAMESPACE } : {},
    secrets,
    ports: [own],
  };
}
