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
  /** Whether `address` of the metadata is that of a service in the namespace of the base. */
  readonly inNamespace: boolean;
  /** Secret parameters of the scaler, by their keys in the secret of the service. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Ports that the pods connect to. */
  readonly ports: readonly number[];
};

const DEFAULT_PORT = 6379;
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
  const list = (nodes: readonly string[]) => nodes.map(qualified).join(",");
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
      inNamespace: false,
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
      inNamespace: false,
      secrets,
      ports: [...new Set(portsOf(cluster))],
    };
  }
  return {
    settings,
    keyPrefix: "mcp",
    scaler: "redis-streams",
    metadata: { ...common, address: qualified(`${url.hostname}:${own}`) },
    inNamespace: isShort(url.hostname),
    secrets,
    ports: [own],
  };
}
