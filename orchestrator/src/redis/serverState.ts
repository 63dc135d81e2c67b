/** What INFO says about the health of the Redis server itself. */
export type ServerState = {
  readonly memory: {
    readonly usedBytes: number;
    /** `maxmemory`; 0 where it is not set. */
    readonly maxBytes: number;
    /** Memory of the host, which bounds Redis where `maxmemory` does not. */
    readonly systemBytes: number;
    /** Resident memory divided by used memory. */
    readonly fragmentationRatio: number;
  };
  /** Whether the last write of each kind of persistence succeeded; only the kinds that are on. */
  readonly persistence: readonly { readonly kind: "rdb" | "aof"; readonly ok: boolean }[];
  /** False on a replica whose link to its master is down. */
  readonly replicationOk: boolean;
  readonly connectedReplicas: number;
  /** Keys evicted since the server started. */
  readonly evictedKeys: number;
};

/**
 * Reads the sections memory, persistence, replication and stats of INFO (https://redis.io/docs/latest/commands/info/).
 * A field that the server does not report counts as healthy.
 */
export function parseServerState(info: string): ServerState {
  const text = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1];
  const count = (name: string) => Number(text(name) ?? 0);
  const ok = (name: string) => (text(name) ?? "ok") === "ok";
  const aof = text("aof_enabled") === "1";
  return {
    memory: {
      usedBytes: count("used_memory"),
      maxBytes: count("maxmemory"),
      systemBytes: count("total_system_memory"),
      fragmentationRatio: Number(text("mem_fragmentation_ratio") ?? 1),
    },
    persistence: [
      { kind: "rdb", ok: ok("rdb_last_bgsave_status") },
      ...(aof ? [{ kind: "aof" as const, ok: ok("aof_last_write_status") && ok("aof_last_bgrewrite_status") }] : []),
    ],
    replicationOk: (text("master_link_status") ?? "up") === "up",
    connectedReplicas: count("connected_slaves"),
    evictedKeys: count("evicted_keys"),
  };
}
