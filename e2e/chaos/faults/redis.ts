import type { Revocation } from "../schedule.ts";
import type { RedisServer } from "../system/redisServer.ts";
import type { Injectors } from "./fault.ts";

const RULES: Readonly<Record<Revocation, readonly string[]>> = {
  xack: ["-xack"],
  evalsha: ["-evalsha"],
  xreadgroup: ["-xreadgroup"],
  xclaim: ["-xclaim", "-xautoclaim"],
  allCommands: ["-@all"],
  keys: ["resetkeys"],
};

/** A port that nothing listens on: a replica of it never gets any data, and keeps its own. */
const NOWHERE = 1;
const ENDLESS_SCRIPT = "while true do end";

/** What can go wrong with Redis itself. */
export const redisFaults: Injectors<
  | "killRedis"
  | "stopRedis"
  | "busyRedis"
  | "demote"
  | "failover"
  | "outOfMemory"
  | "noReplicas"
  | "revoke"
  | "killClients"
  | "flushScripts"
> = {
  async killRedis({ system, wait }, { forMs }) {
    const { master } = system.redis;
    await master.kill();
    await wait(forMs);
    await master.start();
  },
  async stopRedis({ system, wait }, { forMs }) {
    const { master } = system.redis;
    master.signal("SIGSTOP");
    await wait(forMs);
    master.signal("SIGCONT");
  },
  async busyRedis({ system, wait }, { forMs }) {
    const { master } = system.redis;
    await master.admin.config("SET", "busy-reply-threshold", "100");
    const connection = master.admin.duplicate();
    connection.on("error", () => undefined);
    const running = connection.eval(ENDLESS_SCRIPT, 0).catch(() => undefined);
    await wait(forMs);
    await killScript(master);
    await running;
    connection.disconnect();
  },
  async demote({ system, wait }, { forMs, servesStaleData }) {
    const { master } = system.redis;
    await master.admin.config("SET", "replica-serve-stale-data", servesStaleData ? "yes" : "no");
    await master.admin.replicaof("127.0.0.1", NOWHERE);
    await wait(forMs);
    await master.admin.replicaof("NO", "ONE");
    await master.admin.config("SET", "replica-serve-stale-data", "yes");
  },
  async failover({ system }) {
    await system.redis.failover();
  },
  async outOfMemory({ system, wait }, { forMs }) {
    const { master } = system.redis;
    await master.admin.config("SET", "maxmemory", "1");
    await wait(forMs);
    await master.admin.config("SET", "maxmemory", "0");
  },
  async noReplicas({ system, wait }, { forMs }) {
    const { master } = system.redis;
    await master.admin.config("SET", "min-replicas-to-write", "2");
    await wait(forMs);
    await master.admin.config("SET", "min-replicas-to-write", "0");
  },
  async revoke({ system, wait }, { what, forMs }) {
    await system.redis.setUser(...RULES[what]);
    await wait(forMs);
    await system.redis.setUser(...system.redis.rights);
  },
  async killClients({ system }, { which }) {
    const { admin } = system.redis.master;
    if (which !== "half") {
      await admin.client("KILL", "TYPE", which);
      return;
    }
    const list = (await admin.client("LIST", "TYPE", "NORMAL")) as string;
    const ids = [...list.matchAll(/^id=(\d+) .* user=service /gm)].map(([, id]) => id as string);
    for (const id of ids.filter((_, at) => at % 2 === 0)) await admin.client("KILL", "ID", id);
  },
  async flushScripts({ system }) {
    await system.redis.master.admin.script("FLUSH");
  },
};

/** Ends a script that keeps a server busy; one that does not is left alone. */
export async function killScript({ admin }: RedisServer): Promise<void> {
  await admin.script("KILL").catch((error: Error) => {
    if (!/NOTBUSY|UNKILLABLE/.test(error.message)) throw error;
  });
}
