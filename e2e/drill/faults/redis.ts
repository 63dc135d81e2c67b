import { FAULT_SIZES } from "@mcp-orchestrator/alerts";
import type { Redis } from "ioredis";
import { until } from "../../testkit/until.ts";
import { FaultError, type InjectFault } from "./fault.ts";

/** A key of another program. */
const STRANGER = "stranger:large";

/** A key of another program fills Redis. */
export const fillRedis: InjectFault = async ({ admin }) => {
  const memory = await admin.info("memory");
  const bytes = (field: string) => Number(new RegExp(`^${field}:(\\d+)`, "m").exec(memory)?.[1]);
  const missing = Math.floor(bytes("maxmemory") * FAULT_SIZES.filledRatio - bytes("used_memory"));
  await admin.setrange(STRANGER, missing, "x");
  return { remove: async () => void (await admin.del(STRANGER)) };
};

const LOSE = "lose-an-entry";
const QUEUE = "mcp:queue:ml";
/** More than a worker runs at a time, and fewer than any alert needs. */
const TASKS = 40;

/** A task is deleted from its queue. */
export const loseAnEntry: InjectFault = async ({ admin, api, load, upstreams }) => {
  let lost: Entry;
  await upstreams({ market: { stall: true } });
  try {
    await load.burst("ml", "regular", TASKS);
    lost = await lastWaiting(admin);
    await admin.xdel(QUEUE, lost.id);
  } finally {
    await upstreams({ market: { stall: false } });
  }
  const { task_id = "", type = "", priority, payload = "" } = lost.fields;
  const task = { task_id, type, priority: Number(priority), payload: JSON.parse(payload) };
  return {
    remove: async () => {
      const answer = await api.submit([task]);
      if (answer !== "accepted") throw new FaultError(LOSE, `${task_id} was ${answer} when it was submitted again`);
    },
  };
};

type Entry = { readonly id: string; readonly fields: Readonly<Record<string, string>> };

/** The youngest entry of the queue. @throws FaultError if a worker has it already */
async function lastWaiting(admin: Redis): Promise<Entry> {
  const [[id, pairs] = ["", []]] = await admin.xrevrange(QUEUE, "+", "-", "COUNT", 1);
  const fields = Object.fromEntries(pairs.flatMap((name, at) => (at % 2 === 0 ? [[name, pairs[at + 1] ?? ""]] : [])));
  const [group] = (await admin.xinfo("GROUPS", QUEUE)) as [unknown[]];
  const delivered = String(group[group.indexOf("last-delivered-id") + 1]);
  if (id === "" || id === delivered) throw new FaultError(LOSE, `no task of ${QUEUE} waits, the last is delivered`);
  return { id, fields };
}

const SNAPSHOT = "fail-snapshots";
/** Longest time that a snapshot of a small Redis takes, on a busy machine. */
const SNAPSHOT_MS = 20_000;

/** A folder has the name of the snapshot file, so that the rename of the new snapshot fails. */
export const failSnapshots: InjectFault = async ({ admin, redis, signal }) => {
  const [, folder] = (await admin.config("GET", "dir")) as string[];
  const path = `${folder}/dump.rdb`;
  // Redis would reject every write after a failed snapshot: that is another fault.
  await admin.config("SET", "stop-writes-on-bgsave-error", "no");
  await run(["rm", "-f", path]);
  await run(["mkdir", path]);
  await snapshot("err");
  return {
    remove: async () => {
      await run(["rm", "-rf", path]);
      await snapshot("ok");
      await admin.config("SET", "stop-writes-on-bgsave-error", "yes");
    },
  };

  async function run(command: readonly string[]): Promise<void> {
    const { exitCode, stderr } = await redis.server.exec(command);
    if (exitCode !== 0) throw new FaultError(SNAPSHOT, `${command.join(" ")}: ${stderr}`);
  }
  async function snapshot(status: "ok" | "err"): Promise<void> {
    await admin.bgsave();
    await until(`a snapshot that ends with ${status}`, { timeoutMs: SNAPSHOT_MS, signal }, async () => {
      const info = await admin.info("persistence");
      if (!info.includes("rdb_bgsave_in_progress:0")) throw new FaultError(SNAPSHOT, "it is being written");
      if (!info.includes(`rdb_last_bgsave_status:${status}`)) throw new FaultError(SNAPSHOT, "it ended otherwise");
    });
  }
};
