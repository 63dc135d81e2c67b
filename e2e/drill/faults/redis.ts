import { FAULT_SIZES } from "@mcp-orchestrator/alerts";
import type { Redis } from "ioredis";
import { FaultError, type FaultInjection } from "./fault.ts";

/** Not one of the service's keys. */
const STRANGER = "stranger:large";

/** Memory runs short, and not because of the queues. */
export const fillRedis: FaultInjection = {
  id: "fill-redis",
  async start({ admin }) {
    const memory = await admin.info("memory");
    const bytes = (field: string) => Number(new RegExp(`^${field}:(\\d+)`, "m").exec(memory)?.[1]);
    const missing = Math.floor(bytes("maxmemory") * FAULT_SIZES.filledRatio - bytes("used_memory"));
    await admin.setrange(STRANGER, missing, "x");
    return { remove: async () => void (await admin.del(STRANGER)) };
  },
};

const LOSE = "lose-an-entry";
const QUEUE = "mcp:queue:ml";
/** More than a worker runs at a time, and less than what any alert is about. */
const TASKS = 40;

/** A task is gone, and only task accounting shows it. */
export const loseAnEntry: FaultInjection = {
  id: LOSE,
  async start({ admin, api, load, upstreams }) {
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
  },
};

type Entry = { readonly id: string; readonly fields: Readonly<Record<string, string>> };

/** The youngest entry of the queue. @throws FaultError where a worker has it already */
async function lastWaiting(admin: Redis): Promise<Entry> {
  const [[id, pairs] = ["", []]] = await admin.xrevrange(QUEUE, "+", "-", "COUNT", 1);
  const fields = Object.fromEntries(pairs.flatMap((name, at) => (at % 2 === 0 ? [[name, pairs[at + 1] ?? ""]] : [])));
  const [group] = (await admin.xinfo("GROUPS", QUEUE)) as [unknown[]];
  const delivered = String(group[group.indexOf("last-delivered-id") + 1]);
  if (id === "" || id === delivered) throw new FaultError(LOSE, `no task of ${QUEUE} waits, the last is delivered`);
  return { id, fields };
}
