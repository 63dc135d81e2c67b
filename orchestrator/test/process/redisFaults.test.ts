import { mkdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { Link } from "@mcp-orchestrator/e2e/testkit/network/link";
import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { expect, it } from "vitest";
import { startSingleNodeCluster } from "../support/redisCluster.ts";
import { type RedisServer, startRedis } from "../support/redisServer.ts";
import { ServiceProcess } from "../support/service.ts";

/**
 * Injects each kind of error of a real Redis, or no answer at all. During the fault the service is alive and reports not
 * ready. Afterwards it works again within this time, without a restart. With the settings of these tests, a poll takes at
 * most 1.8 s until its deadline, a lane pauses for at most 2 s, a connection for 1 s; the rest is for a busy machine.
 */
const RECOVERY_BOUND_MS = 1_800 + 2_000 + 1_000 + 5_000;

type Fault = {
  readonly name: string;
  readonly options: readonly string[];
  readonly clustered?: boolean;
  readonly environment?: Record<string, string>;
  /** The expected answer of `/readyz`. */
  readonly says: RegExp;
  /** Injects the fault. @returns a function that removes it */
  inject(server: RedisServer): Promise<() => Promise<unknown>>;
};

const configured =
  (name: string, on: string, off: string) =>
  async ({ client }: RedisServer) => {
    await client.config("SET", name, on);
    return () => client.config("SET", name, off);
  };

const FAULTS: readonly Fault[] = [
  { name: "OOM", options: [], says: /OOM/, inject: configured("maxmemory", "1mb", "0") },
  { name: "NOREPLICAS", options: [], says: /NOREPLICAS/, inject: configured("min-replicas-to-write", "1", "0") },
  {
    name: "READONLY",
    options: [],
    says: /READONLY/,
    async inject(server) {
      const master = await startRedis();
      await server.client.replicaof("127.0.0.1", String(master.port));
      return async () => {
        await server.client.replicaof("NO", "ONE");
        await master[Symbol.asyncDispose]();
      };
    },
  },
  {
    name: "MASTERDOWN",
    options: ["--replica-serve-stale-data", "no"],
    says: /MASTERDOWN/,
    async inject(server) {
      const gone = await startRedis();
      await gone[Symbol.asyncDispose]();
      await server.client.replicaof("127.0.0.1", String(gone.port));
      return () => server.client.replicaof("NO", "ONE");
    },
  },
  {
    name: "MISCONF",
    options: [],
    says: /MISCONF/,
    async inject({ client, folder }) {
      // A snapshot cannot replace a folder.
      const file = join(folder, "dump.rdb");
      await mkdir(file);
      await client.config("SET", "save", "3600 1");
      const save = async (status: string) => {
        await eventually(
          async () => {
            await client.bgsave().catch(() => undefined);
            return await client.info("persistence");
          },
          (info) => info.includes(`rdb_last_bgsave_status:${status}`) && info.includes("rdb_bgsave_in_progress:0"),
        );
      };
      await save("err");
      return async () => {
        await rmdir(file);
        await save("ok");
      };
    },
  },
  {
    name: "BUSY",
    options: ["--busy-reply-threshold", "100"],
    says: /BUSY/,
    async inject(server) {
      const other = server.client.duplicate();
      const script = other.eval("while true do end", 0).catch(() => other.disconnect());
      return async () => {
        await eventually(
          () => server.client.script("KILL").catch((error: Error) => error.message),
          (answer) => answer === "OK",
        );
        await script;
      };
    },
  },
  {
    name: "LOADING",
    // Slow enough to be observed. Handles connections after every key.
    options: ["--enable-debug-command", "yes", "--loading-process-events-interval-bytes", "1024"],
    says: /LOADING|no answer within/,
    async inject({ client }) {
      const value = "x".repeat(2_000);
      for (let n = 0; n < 100; n++) await client.set(`mcp:unrelated:${n}`, value);
      await client.config("SET", "key-load-delay", "40000");
      const reloaded = client.call("DEBUG", "RELOAD");
      return () => reloaded;
    },
  },
  {
    name: "CLUSTERDOWN",
    options: [],
    clustered: true,
    environment: { KEY_PREFIX: "{mcp}" },
    says: /CLUSTERDOWN|no answer within/,
    async inject({ client }) {
      await client.cluster("DELSLOTSRANGE", 0, 0);
      await eventually(
        () => client.cluster("INFO") as Promise<string>,
        (info) => info.includes("cluster_state:fail"),
      );
      return () => client.cluster("ADDSLOTSRANGE", 0, 0);
    },
  },
];

/** Expects a completed task and a healthy service within the bound, with the same worker process as before. */
async function recovers(service: ServiceProcess): Promise<void> {
  const fromMs = performance.now();
  const before = await service.workers();
  await service.until(
    () => service.post("/api/v1/tasks", { type: "reasoning", payload: { journal: service.journal } }),
    ({ status }) => status === 202,
    RECOVERY_BOUND_MS,
  );
  await service.until(
    async () => ({ lag: await service.metric("mcp_consumer_group_lag"), ready: await service.get("/readyz") }),
    ({ lag, ready }) => lag === 0 && ready.status === 200,
    RECOVERY_BOUND_MS,
  );
  expect(performance.now() - fromMs).toBeLessThan(RECOVERY_BOUND_MS);
  expect((await service.workers()).map(({ pid }) => pid)).toEqual(before.map(({ pid }) => pid));
  expect(await service.metric("mcp_worker_crashes_total")).toBe(0);
  expect(await service.metric("mcp_tasks_unaccounted")).toBe(0);
}

it.each(FAULTS)("$name: not ready with the reason, and recovered in time without a restart", async (fault) => {
  const { clustered = false } = fault;
  await using server = clustered ? await startSingleNodeCluster() : await startRedis(...fault.options);
  await using service = await ServiceProcess.create({
    REDIS_URL: server.url,
    ...(clustered ? { REDIS_CLUSTER_NODES: `127.0.0.1:${server.port}` } : {}),
    ...fault.environment,
  });
  await service.start();
  await service.ready();
  await service.submit(5);
  await service.drained();
  const end = await fault.inject(server);
  const { body } = await service.until(
    () => service.get("/readyz"),
    ({ status }) => status === 503,
  );
  expect(JSON.stringify(body)).toMatch(fault.says);
  const refused = await service.post("/api/v1/tasks", { type: "reasoning", payload: { journal: service.journal } });
  expect(refused.status).toBe(503);
  expect((await service.get("/healthz")).status).toBe(200);
  await end();
  await recovers(service);
});

it("a failover that leaves the connections to the former master open", async () => {
  await using former = await startRedis();
  await using successor = await startRedis("--replicaof", `127.0.0.1 ${former.port}`);
  await eventually(
    () => successor.client.info("replication"),
    (info) => info.includes("master_link_status:up"),
  );
  await using proxy = await Link.open(former.port);
  await using service = await ServiceProcess.create({ REDIS_URL: `redis://127.0.0.1:${proxy.port}` });
  await service.start();
  await service.ready();
  await service.submit(5);
  await service.drained();
  const offset = await former.client.info("replication");
  const [, written] = /master_repl_offset:(\d+)/.exec(offset) ?? [];
  await eventually(
    async () => Number(/slave_repl_offset:(\d+)/.exec(await successor.client.info("replication"))?.[1]),
    (applied) => applied >= Number(written),
  );
  await successor.client.replicaof("NO", "ONE");
  proxy.retarget(successor.port);
  await former.client.replicaof("127.0.0.1", String(successor.port));
  await recovers(service);
  expect(await former.client.info("replication")).toContain("role:slave");
});

it("half-open connections, which transfer nothing and stay open", async () => {
  await using server = await startRedis();
  await using proxy = await Link.open(server.port);
  await using service = await ServiceProcess.create({ REDIS_URL: `redis://127.0.0.1:${proxy.port}` });
  await service.start();
  await service.ready();
  proxy.freeze();
  await service.until(
    () => service.get("/readyz"),
    ({ status }) => status === 503,
  );
  await recovers(service);
});

/** Options, queues and limits of the client library, which no message should mention. */
const LIBRARY_TALK =
  /maxRetriesPerRequest|max retries|offline ?queue|isn't writeable|startup nodes|slots cache|from scratch/i;
const NOWHERE = "127.0.0.1:1";

it.each([
  ["a server", { REDIS_URL: `redis://${NOWHERE}` }, /no connection to Redis: .*ECONNREFUSED/],
  [
    "a Sentinel set",
    { REDIS_URL: `redis://${NOWHERE}`, REDIS_SENTINELS: NOWHERE, REDIS_SENTINEL_NAME: "main" },
    /no connection to Redis: no Sentinel answers: .+/,
  ],
  [
    "a Cluster",
    { REDIS_URL: `redis://${NOWHERE}`, REDIS_CLUSTER_NODES: NOWHERE, KEY_PREFIX: "{mcp}" },
    /no connection to Redis: no node of the Cluster answers: .+/,
  ],
])("while %s is unreachable, answers and log explain it in plain words", async (_, environment, says) => {
  await using service = await ServiceProcess.create({
    ...environment,
    REDIS_COMMAND_TIMEOUT_MS: "500",
    LOG_LEVEL: "debug",
  });
  await service.start();
  const { body: readiness } = await service.until(
    () => service.get("/readyz"),
    ({ status, body }) => status === 503 && says.test(JSON.stringify(body)),
  );
  const unavailable = { status: 503, body: { status: 503, code: "REDIS_UNAVAILABLE", retry_after_seconds: 5 } };
  const task = { type: "reasoning", payload: { journal: service.journal } };
  const answers = [
    await service.post("/api/v1/tasks", task),
    await service.post("/api/v1/tasks/batch", { tasks: [task] }),
    await service.get("/api/v1/tasks/mine"),
    await service.get("/api/v1/queues"),
    await service.get("/api/v1/dlq"),
    await service.post("/api/v1/admin/rate-limit/enable", { per_second: 1 }),
  ];
  for (const answer of answers) expect(answer).toMatchObject(unavailable);
  expect((await service.get("/metrics")).body).toContain("mcp_redis_up 0");
  await service.until(
    () => service.output,
    (log) => log.includes("Redis connection lost or unavailable") && log.includes("Redis connection of"),
  );
  expect(JSON.stringify([readiness, answers])).not.toMatch(LIBRARY_TALK);
  expect(service.output.split("\n").filter((line) => LIBRARY_TALK.test(line))).toEqual([]);
});
