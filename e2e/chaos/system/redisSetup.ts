import { aclRules } from "mcp-orchestrator/permissions";
import { until } from "../../testkit/until.ts";
import { REPLICAS, type Topology } from "../schedule.ts";
import { Link } from "./link.ts";
import { RedisServer } from "./redisServer.ts";

const USER = "service";
const PASSWORD = "chaos";
export const PREFIX = "mcp";
const MASTER_NAME = "chaos";
const SYNC_TIMEOUT_MS = 20_000;
/** Writes wait this long at most while the roles change. */
const WRITE_PAUSE_MS = 5_000;

/** The Redis of one run, in the topology of its schedule, and the ways of the two replicas of the service to it. */
export class RedisSetup {
  readonly topology: Topology;
  /** The servers; the first is the master at the start. */
  readonly servers: readonly RedisServer[];
  /** One per replica of the service; not used with a Sentinel, which names the servers themselves. */
  readonly links: readonly Link[];
  readonly #sentinel: RedisServer | undefined;
  #master = 0;
  #changing: Promise<void> = Promise.resolve();

  private constructor(
    topology: Topology,
    servers: readonly RedisServer[],
    links: readonly Link[],
    sentinel: RedisServer | undefined,
  ) {
    this.topology = topology;
    this.servers = servers;
    this.links = links;
    this.#sentinel = sentinel;
  }

  static async start(topology: Topology): Promise<RedisSetup> {
    const user = [USER, "on", `>${PASSWORD}`, ...aclRules(PREFIX)];
    const servers: RedisServer[] = [];
    for (let n = 0; n < (topology === "single" ? 1 : 2); n++) {
      servers.push(await RedisServer.start(user));
    }
    const [master, replica] = servers as [RedisServer, RedisServer?];
    const links = await Promise.all(REPLICAS.map(() => Link.open(master.port)));
    if (replica !== undefined) {
      await replica.admin.replicaof("127.0.0.1", master.port);
      await untilSynced(master, replica);
    }
    let sentinel: RedisServer | undefined;
    if (topology === "sentinel") {
      sentinel = await RedisServer.startSentinel([
        `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${master.port} 1`,
        // Roles change when a schedule says so: a server that is held up must not lose what it has accepted.
        `sentinel down-after-milliseconds ${MASTER_NAME} 60000`,
        `sentinel failover-timeout ${MASTER_NAME} 3000`,
      ]);
      await untilSentinelKnowsReplica(sentinel);
    }
    return new RedisSetup(topology, servers, links, sentinel);
  }

  get master(): RedisServer {
    return this.servers[this.#master] as RedisServer;
  }

  get standby(): RedisServer | undefined {
    return this.servers[1 - this.#master];
  }

  /** Settings with which a replica of the service reaches it. */
  settings(replica: number): Record<string, string> {
    if (this.#sentinel === undefined) {
      return { REDIS_URL: `redis://${USER}:${PASSWORD}@127.0.0.1:${this.links[replica]?.port}` };
    }
    return {
      REDIS_URL: `redis://${USER}:${PASSWORD}@127.0.0.1:${this.servers[0]?.port}`,
      REDIS_SENTINELS: `127.0.0.1:${this.#sentinel.port}`,
      REDIS_SENTINEL_NAME: MASTER_NAME,
    };
  }

  /** Gives the service's user all of its rights again, or others. */
  async setUser(...rules: readonly string[]): Promise<void> {
    for (const { admin } of this.servers) await admin.acl("SETUSER", USER, ...rules);
  }

  /** The rules that the service documents for its user. */
  get rights(): string[] {
    return ["on", ...aclRules(PREFIX)];
  }

  /**
   * Changes the roles without losing a write, one change after the other. Open connections stay open where the topology
   * is not a Sentinel's.
   */
  failover(): Promise<void> {
    const changed = this.#changing.then(() => this.#changeRoles());
    this.#changing = changed.catch(() => undefined);
    return changed;
  }

  async #changeRoles(): Promise<void> {
    const { master, standby } = this;
    const sentinel = this.#sentinel;
    if (standby === undefined) return;
    await master.admin.client("PAUSE", WRITE_PAUSE_MS, "WRITE");
    await untilSynced(master, standby);
    if (sentinel !== undefined) {
      await sentinel.admin.call("SENTINEL", "FAILOVER", MASTER_NAME);
      await until("the Sentinel to change the roles", { timeoutMs: SYNC_TIMEOUT_MS }, async () => {
        const address = await sentinel.admin.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER_NAME);
        const [, port] = address as [string, string];
        if (Number(port) !== standby.port) throw new Error(`the master is at ${port}`);
      });
    } else {
      await standby.admin.replicaof("NO", "ONE");
      for (const link of this.links) link.retarget(standby.port);
    }
    // Not left to the Sentinel, which lets the old master take writes for seconds.
    await master.admin.replicaof("127.0.0.1", standby.port);
    await master.admin.client("UNPAUSE");
    this.#master = 1 - this.#master;
  }

  /** Puts both servers into their roles again, after crashes and demotions. */
  async restoreRoles(): Promise<void> {
    const { master, standby } = this;
    await asRole(master, "master", () => master.admin.replicaof("NO", "ONE"));
    if (standby === undefined) return;
    await asRole(standby, "slave", () => standby.admin.replicaof("127.0.0.1", master.port));
    await untilSynced(master, standby);
    if (this.#sentinel !== undefined) await untilSentinelKnowsReplica(this.#sentinel);
  }

  async close(): Promise<void> {
    await Promise.all(this.links.map((link) => link.close()));
    await this.#sentinel?.close();
    await Promise.all(this.servers.map((server) => server.close()));
  }
}

async function asRole(server: RedisServer, wanted: "master" | "slave", change: () => Promise<unknown>): Promise<void> {
  const [role] = (await server.admin.role()) as [string];
  if (role !== wanted) await change();
}

async function untilSynced(master: RedisServer, replica: RedisServer): Promise<void> {
  await until("the standby to have everything", { timeoutMs: SYNC_TIMEOUT_MS, intervalMs: 10 }, async () => {
    const [, mastersOffset] = (await master.admin.role()) as [string, number];
    const [, , , state, offset] = (await replica.admin.role()) as [string, string, number, string, number];
    if (state !== "connected" || offset < mastersOffset) throw new Error(`${state} ${offset} of ${mastersOffset}`);
  });
}

async function untilSentinelKnowsReplica(sentinel: RedisServer): Promise<void> {
  await until("the Sentinel to know the standby", { timeoutMs: SYNC_TIMEOUT_MS }, async () => {
    const replicas = (await sentinel.admin.call("SENTINEL", "REPLICAS", MASTER_NAME)) as string[][];
    const fields = replicas[0] ?? [];
    const flags = fields[fields.indexOf("flags") + 1];
    const link = fields[fields.indexOf("master-link-status") + 1];
    if (replicas.length !== 1 || flags !== "slave" || link !== "ok") throw new Error(`${flags} ${link}`);
  });
}
