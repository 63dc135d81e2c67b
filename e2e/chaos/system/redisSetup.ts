import { aclRules } from "mcp-orchestrator/permissions";
import { Link } from "../../testkit/network/link.ts";
import { until } from "../../testkit/until.ts";
import { REPLICAS, type Topology } from "../schedule.ts";
import { RedisServer } from "./redisServer.ts";

export const SERVICE_USER = "service";
const PASSWORD = "chaos";
export const PREFIX = "mcp";
const MASTER_NAME = "chaos";
const SYNC_TIMEOUT_MS = 20_000;
/** Longest pause of writes while the roles change. */
const WRITE_PAUSE_MS = 5_000;

type Parts = {
  readonly servers: readonly RedisServer[];
  readonly links: readonly Link[];
  readonly sentinel: RedisServer | undefined;
};

/** The Redis of one run, in the topology of its schedule, and the links of both replicas to it. */
export class RedisSetup implements AsyncDisposable {
  /** The servers; the first is the master at the start. */
  readonly servers: readonly RedisServer[];
  /** One per replica of the service; unused with Sentinel, which names the servers. */
  readonly links: readonly Link[];
  /** Only with Sentinel. */
  readonly sentinel: RedisServer | undefined;
  readonly #parts: AsyncDisposableStack;
  readonly #closed = new AbortController();
  #master = 0;
  #busy: Promise<unknown> = Promise.resolve();

  private constructor({ servers, links, sentinel }: Parts, parts: AsyncDisposableStack) {
    this.servers = servers;
    this.links = links;
    this.sentinel = sentinel;
    this.#parts = parts;
  }

  /** @param signal ends the start early */
  static async start(topology: Topology, signal: AbortSignal): Promise<RedisSetup> {
    await using parts = new AsyncDisposableStack();
    const user = [SERVICE_USER, "on", `>${PASSWORD}`, ...aclRules(PREFIX)];
    const servers: RedisServer[] = [];
    for (let n = 0; n < (topology === "single" ? 1 : 2); n++) {
      servers.push(parts.use(await RedisServer.start(user)));
    }
    const [master, replica] = servers as [RedisServer, RedisServer?];
    const links: Link[] = [];
    for (const _ of REPLICAS) links.push(parts.use(await Link.open(master.port)));
    if (replica !== undefined) {
      await replica.admin.replicaof("127.0.0.1", master.port);
      await untilSynced(master, replica, signal);
    }
    let sentinel: RedisServer | undefined;
    if (topology === "sentinel") {
      const config = [
        `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${master.port} 1`,
        // Roles change only by schedule: a server that is delayed must not lose what it has accepted.
        `sentinel down-after-milliseconds ${MASTER_NAME} 60000`,
        `sentinel failover-timeout ${MASTER_NAME} 3000`,
      ];
      sentinel = parts.use(await RedisServer.startSentinel(config));
      await untilSentinelKnowsReplica(sentinel, signal);
    }
    return new RedisSetup({ servers, links, sentinel }, parts.move());
  }

  get master(): RedisServer {
    return this.servers[this.#master] as RedisServer;
  }

  get standby(): RedisServer | undefined {
    return this.servers[1 - this.#master];
  }

  /** Settings with which a replica of the service connects. */
  settings(replica: number): Record<string, string> {
    if (this.sentinel === undefined) {
      return { REDIS_URL: `redis://${SERVICE_USER}:${PASSWORD}@127.0.0.1:${this.links[replica]?.port}` };
    }
    return {
      REDIS_URL: `redis://${SERVICE_USER}:${PASSWORD}@127.0.0.1:${this.servers[0]?.port}`,
      REDIS_SENTINELS: `127.0.0.1:${this.sentinel.port}`,
      REDIS_SENTINEL_NAME: MASTER_NAME,
    };
  }

  /** Gives the service's user all its permissions again, or others. */
  async setUser(...rules: readonly string[]): Promise<void> {
    for (const { admin } of this.servers) await admin.acl("SETUSER", SERVICE_USER, ...rules);
  }

  /** The ACL rules that the service documents for its user. */
  get rights(): string[] {
    return ["on", ...aclRules(PREFIX)];
  }

  /**
   * * Runs a fault of the master that must not overlap with a change of roles. A master that crashes during one forgets
   * that its writes are paused, and accepts some that the new master never gets.
   */
  exclusively<T>(disturb: (master: RedisServer) => Promise<T>): Promise<T> {
    const done = this.#busy.then(() => disturb(this.master));
    this.#busy = done.catch(() => undefined);
    return done;
  }

  /** Changes the roles without losing a write. Open connections stay open, except with Sentinel. */
  async failover(): Promise<void> {
    await this.exclusively((master) => this.#changeRoles(master, this.standby));
  }

  async #changeRoles(master: RedisServer, standby: RedisServer | undefined): Promise<void> {
    const { sentinel } = this;
    const { signal } = this.#closed;
    if (standby === undefined) return;
    await master.admin.client("PAUSE", WRITE_PAUSE_MS, "WRITE");
    await untilSynced(master, standby, signal);
    if (sentinel !== undefined) {
      await sentinel.admin.call("SENTINEL", "FAILOVER", MASTER_NAME);
      await until("the Sentinel to change the roles", { timeoutMs: SYNC_TIMEOUT_MS, signal }, async () => {
        const address = await sentinel.admin.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER_NAME);
        const [, port] = address as [string, string];
        if (Number(port) !== standby.port) throw new Error(`the master is at ${port}`);
      });
    } else {
      await standby.admin.replicaof("NO", "ONE");
      for (const link of this.links) link.retarget(standby.port);
    }
    // Sentinel would do it, but lets the old master accept writes for seconds.
    await master.admin.replicaof("127.0.0.1", standby.port);
    await master.admin.client("UNPAUSE");
    this.#master = 1 - this.#master;
  }

  /** Restores the roles of both servers after crashes and demotions. */
  async restoreRoles(): Promise<void> {
    const { master, standby, sentinel } = this;
    const { signal } = this.#closed;
    await asRole(master, "master", () => master.admin.replicaof("NO", "ONE"));
    if (standby === undefined) return;
    await asRole(standby, "slave", () => standby.admin.replicaof("127.0.0.1", master.port));
    await untilSynced(master, standby, signal);
    if (sentinel !== undefined) await untilSentinelKnowsReplica(sentinel, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort(new Error("the run is over"));
    await this.#parts.disposeAsync();
  }
}

async function asRole(server: RedisServer, wanted: "master" | "slave", change: () => Promise<unknown>): Promise<void> {
  const [role] = (await server.admin.role()) as [string];
  if (role !== wanted) await change();
}

async function untilSynced(master: RedisServer, replica: RedisServer, signal: AbortSignal): Promise<void> {
  await until("the standby to have everything", { timeoutMs: SYNC_TIMEOUT_MS, intervalMs: 10, signal }, async () => {
    const [, mastersOffset] = (await master.admin.role()) as [string, number];
    const [, , , state, offset] = (await replica.admin.role()) as [string, string, number, string, number];
    if (state !== "connected" || offset < mastersOffset) throw new Error(`${state} ${offset} of ${mastersOffset}`);
  });
}

async function untilSentinelKnowsReplica(sentinel: RedisServer, signal: AbortSignal): Promise<void> {
  await until("the Sentinel to know the standby", { timeoutMs: SYNC_TIMEOUT_MS, signal }, async () => {
    const replicas = (await sentinel.admin.call("SENTINEL", "REPLICAS", MASTER_NAME)) as string[][];
    const fields = replicas[0] ?? [];
    const flags = fields[fields.indexOf("flags") + 1];
    const link = fields[fields.indexOf("master-link-status") + 1];
    if (replicas.length !== 1 || flags !== "slave" || link !== "ok") throw new Error(`${flags} ${link}`);
  });
}
