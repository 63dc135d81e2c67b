import type { Redis } from "ioredis";

/** Removes an injected fault. */
export type Remove = () => Promise<void>;

/**
 * Faults of a Redis server, injected by an administrator's connection. Each returns when it is there, and resolves to what
 * removes it.
 */
export type RedisFault = (admin: Redis) => Promise<Remove>;

/** A port without a listener: a replica of it gets no data and keeps its own. */
const NOWHERE = 1;
const ENDLESS_SCRIPT = "while true do end";

/** A script keeps the server busy: everything else is answered with BUSY. */
export const keepBusy: RedisFault = async (admin) => {
  await admin.config("SET", "busy-reply-threshold", "100");
  // Not sent again over a new connection, where it would never end.
  const connection = admin.duplicate({ autoResendUnfulfilledCommands: false, retryStrategy: () => null });
  connection.on("error", () => undefined);
  const running = connection.eval(ENDLESS_SCRIPT, 0).catch(() => undefined);
  return async () => {
    try {
      await killScript(admin);
      await running;
    } finally {
      connection.disconnect();
    }
  };
};

/** Ends a script that keeps a server busy. */
export async function killScript(admin: Redis): Promise<void> {
  await admin.script("KILL").catch((error: Error) => {
    if (!/NOTBUSY|UNKILLABLE/.test(error.message)) throw error;
  });
}

/** The server becomes a replica of a master that is not there: READONLY, and stale data or none. */
export function demote(servesStaleData: boolean): RedisFault {
  return async (admin) => {
    await admin.config("SET", "replica-serve-stale-data", servesStaleData ? "yes" : "no");
    await admin.replicaof("127.0.0.1", NOWHERE);
    return async () => {
      await admin.replicaof("NO", "ONE");
      await admin.config("SET", "replica-serve-stale-data", "yes");
    };
  };
}

/** The server has used more than its memory: every write is answered with OOM. */
export const runOutOfMemory: RedisFault = setting("maxmemory", "1");

/** The server wants replicas that it does not have: every write is answered with NOREPLICAS. */
export const wantReplicas: RedisFault = setting("min-replicas-to-write", "2");

function setting(name: string, value: string): RedisFault {
  return async (admin) => {
    const [, former = "0"] = (await admin.config("GET", name)) as string[];
    // The same fault is there already, and removed where it was injected.
    if (former === value) return async () => {};
    await admin.config("SET", name, value);
    return async () => void (await admin.config("SET", name, former));
  };
}

/** Cuts the connections of a user, or every other one of them. */
export async function killClients(admin: Redis, user: string, which: "all" | "half"): Promise<void> {
  const list = (await admin.client("LIST", "TYPE", "NORMAL")) as string;
  const ids = [...list.matchAll(/^id=(\d+) .* user=(\S+) /gm)].flatMap(([, id = "", of]) => (of === user ? [id] : []));
  for (const id of ids.filter((_, at) => which === "all" || at % 2 === 0)) await admin.client("KILL", "ID", id);
}
