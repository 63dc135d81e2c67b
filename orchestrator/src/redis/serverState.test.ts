import { expect, it } from "vitest";
import { parseInfo } from "./info.ts";
import { serverStateOf } from "./serverState.ts";

const info = (fields: Record<string, string | number>) => {
  const lines = Object.entries(fields).map(([name, value]) => `${name}:${value}`);
  return parseInfo(["# Section", ...lines, ""].join("\r\n"));
};

it("reads memory, persistence, replication and evictions", () => {
  const state = serverStateOf(
    info({
      used_memory: 1_000,
      used_memory_rss: 2_000,
      total_system_memory: 8_000,
      maxmemory: 4_000,
      mem_fragmentation_ratio: 1.75,
      rdb_last_bgsave_status: "ok",
      aof_enabled: 1,
      aof_last_bgrewrite_status: "ok",
      aof_last_write_status: "err",
      evicted_keys: 3,
      role: "master",
      connected_slaves: 2,
    }),
  );
  expect(state).toEqual({
    memory: { usedBytes: 1_000, maxBytes: 4_000, systemBytes: 8_000, fragmentationRatio: 1.75 },
    persistence: [
      { kind: "rdb", ok: true },
      { kind: "aof", ok: false },
    ],
    replicationOk: true,
    connectedReplicas: 2,
    evictedKeys: 3,
  });
});

it.each([
  [{ aof_enabled: 1, aof_last_bgrewrite_status: "err", aof_last_write_status: "ok" }, "aof", false],
  [{ aof_enabled: 1, aof_last_bgrewrite_status: "ok", aof_last_write_status: "ok" }, "aof", true],
  [{ rdb_last_bgsave_status: "err" }, "rdb", false],
])("%j is %s %s", (fields, kind, ok) => {
  expect(serverStateOf(info(fields)).persistence.find((one) => one.kind === kind)?.ok).toBe(ok);
});

it("omits an append-only file that is off, and detects a replica whose link is down", () => {
  const state = serverStateOf(info({ aof_enabled: 0, aof_last_write_status: "err", master_link_status: "down" }));
  expect(state.persistence.map(({ kind }) => kind)).toEqual(["rdb"]);
  expect(state.replicationOk).toBe(false);
});
