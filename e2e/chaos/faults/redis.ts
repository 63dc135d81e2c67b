import {
  demote,
  keepBusy,
  killClients,
  type RedisFault,
  runOutOfMemory,
  wantReplicas,
} from "../../testkit/servers/redisFaults.ts";
import type { Revocation } from "../schedule.ts";
import { SERVICE_USER } from "../system/redisSetup.ts";
import type { FaultContext, Injectors } from "./fault.ts";

const RULES: Readonly<Record<Revocation, readonly string[]>> = {
  xack: ["-xack"],
  evalsha: ["-evalsha"],
  xreadgroup: ["-xreadgroup"],
  xclaim: ["-xclaim", "-xautoclaim"],
  allCommands: ["-@all"],
  keys: ["resetkeys"],
};

/** Faults of Redis itself. */
export const redisFaults: Injectors<
  | "killRedis"
  | "killSentinel"
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
    await system.redis.exclusively(async (master) => {
      await master.kill();
      await wait(forMs);
      await master.start();
    });
  },
  async killSentinel({ system, wait }, { forMs }) {
    const { sentinel } = system.redis;
    if (sentinel === undefined) return;
    await system.redis.exclusively(async () => {
      await sentinel.kill();
      await wait(forMs);
      await sentinel.start();
    });
  },
  async stopRedis({ system, wait }, { forMs }) {
    await system.redis.exclusively(async (master) => {
      master.signal("SIGSTOP");
      await wait(forMs);
      master.signal("SIGCONT");
    });
  },
  async busyRedis({ system, wait }, { forMs }) {
    await system.redis.exclusively(async (master) => {
      const remove = await keepBusy(master.admin);
      try {
        await wait(forMs);
      } finally {
        await remove();
      }
    });
  },
  async demote(context, { forMs, servesStaleData }) {
    await injectFor(context, demote(servesStaleData), forMs);
  },
  async failover({ system }) {
    await system.redis.failover();
  },
  async outOfMemory(context, { forMs }) {
    await injectFor(context, runOutOfMemory, forMs);
  },
  async noReplicas(context, { forMs }) {
    await injectFor(context, wantReplicas, forMs);
  },
  async revoke({ system, wait }, { what, forMs }) {
    await system.redis.setUser(...RULES[what]);
    await wait(forMs);
    await system.redis.setUser(...system.redis.rights);
  },
  async killClients({ system }, { which }) {
    const { admin } = system.redis.master;
    if (which === "half") await killClients(admin, SERVICE_USER, which);
    else await admin.client("KILL", "TYPE", which);
  },
  async flushScripts({ system }) {
    await system.redis.master.admin.script("FLUSH");
  },
};

async function injectFor({ system, wait }: FaultContext, fault: RedisFault, forMs: number): Promise<void> {
  const remove = await fault(system.redis.master.admin);
  await wait(forMs);
  await remove();
}
