import { BUNDLE, type Bundle } from "@mcp-orchestrator/alerts";

type Kubernetes = Bundle["kubernetes"];

/** How Redis is reached: one server, sentinels that name the master, or a cluster. */
export type RedisAccess = {
  /** Settings of the service. */
  readonly settings: Readonly<Record<string, string>>;
  /** Prefix of all keys; in a cluster a hash tag keeps them in one slot. */
  readonly keyPrefix: string;
  /** Scaler of KEDA, and where it finds Redis. */
  readonly scaler: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Ports that the pods connect to. */
  readonly ports: readonly number[];
};

const DEFAULT_PORT = 6379;

/**
 * The access that the bundle describes. KEDA resolves names in the namespace of its own operator, so that a bare name gets
 * the namespace of the service.
 */
export function redisAccess({ redis, namespace, clusterDomain }: Kubernetes = BUNDLE.kubernetes): RedisAccess {
  const { sentinel, cluster } = redis;
  const url = new URL(redis.url);
  const qualified = (node: string) => {
    const [host = "", port = String(DEFAULT_PORT)] = node.split(":");
    return `${host.includes(".") ? host : `${host}.${namespace}.svc.${clusterDomain}`}:${port}`;
  };
  const list = (nodes: readonly string[]) => nodes.map(qualified).join(",");
  const common = {
    username: redis.username,
    ...(url.protocol === "rediss:" ? { enableTLS: "true" } : {}),
  };
  const settings = { REDIS_URL: redis.url };
  const portsOf = (nodes: readonly string[]) => nodes.map((node) => Number(node.split(":")[1] ?? DEFAULT_PORT));
  const own = Number(url.port || DEFAULT_PORT);
  if (sentinel !== undefined) {
    return {
      settings: { ...settings, REDIS_SENTINELS: sentinel.nodes.join(","), REDIS_SENTINEL_NAME: sentinel.master },
      keyPrefix: "mcp",
      scaler: "redis-sentinel-streams",
      metadata: { ...common, addresses: list(sentinel.nodes), sentinelMaster: sentinel.master },
      // The sentinels, and the masters that they name.
      ports: [...new Set([...portsOf(sentinel.nodes), own])],
    };
  }
  if (cluster !== undefined) {
    return {
      settings: { ...settings, REDIS_CLUSTER_NODES: cluster.join(",") },
      keyPrefix: "{mcp}",
      scaler: "redis-cluster-streams",
      metadata: { ...common, addresses: list(cluster) },
      ports: [...new Set(portsOf(cluster))],
    };
  }
  return {
    settings,
    keyPrefix: "mcp",
    scaler: "redis-streams",
    metadata: { ...common, address: qualified(`${url.hostname}:${own}`) },
    ports: [own],
  };
}
