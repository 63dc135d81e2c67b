import type { Info } from "./info.ts";

/** The health of the Redis server as INFO reports it. */
export type ServerState = {
  readonly memory: {
    readonly usedBytes: number;
    /** `maxmemory`; 0 if it is not set. */
    readonly maxBytes: number;
    /** Memory of the host. It bounds Redis if `maxmemory` is not set. */
    readonly systemBytes: number;
    /** Resident memory divided by used memory. */
    readonly fragmentationRatio: number;
  };
  /** Whether the last write of each enabled kind of persistence succeeded. */
  readonly persistence: readonly { readonly kind: "rdb" | "aof"; readonly ok: boolean }[];
  /** False on a replica whose link to its master is down. */
  readonly replicationOk: boolean;
  readonly connectedReplicas: number;
  /** Keys evicted since the server started. */
  readonly evictedKeys: number;
};

/**
 * Reads the sections memory, persistence, replication and stats. A field that the server does not report counts as healthy.
 */
export function serverStateOf(info: Info): ServerState {
  const count = (name: string) => Number(info.get(name) ?? 0);
  const ok = (name: string) => (info.get(name) ?? "ok") === "ok";
  const aof = info.get("aof_enabled") === "1";
  return {
    memory: {
      usedBytes: count("used_memory"),
      maxBytes: count("maxmemory"),
      systemBytes: count("total_system_memory"),
      fragmentationRatio: Number(info.get("mem_fragmentation_ratio") ?? 1),
    },
    persistence: [
      { kind: "rdb", ok: ok("rdb_last_bgsave_status") },
      ...(aof ? [{ kind: "aof" as const, ok: ok("aof_last_write_status") && ok("aof_last_bgrewrite_status") }] : []),
    ],
    replicationOk: (info.get("master_link_status") ?? "up") === "up",
    connectedReplicas: count("connected_slaves"),
    evictedKeys: count("evicted_keys"),
  };
}
