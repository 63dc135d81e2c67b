import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Check, selfCheck } from "../../src/health/selfCheck.ts";
import { createRedis, type RedisClient } from "../../src/redis/connection.ts";
import { aclRules, REQUIRED_COMMANDS } from "../../src/redis/permissions.ts";
import { type RedisServer, startRedis } from "../support/redisServer.ts";

let server: RedisServer;
let redis: RedisClient;
beforeAll(async () => {
  server = await startRedis();
  redis = createRedis(server.settings(), "commands", "test");
  redis.on("error", () => undefined);
});
afterAll(async () => {
  redis.disconnect();
  await server[Symbol.asyncDispose]();
});

function check(client: RedisClient = redis, now: () => number = Date.now): Promise<Check[]> {
  return selfCheck(client, { key: "mcp:controls", probeKey: "mcp:probe", requiredCommands: REQUIRED_COMMANDS, now });
}
const failures = (checks: readonly Check[]) => checks.filter(({ ok }) => !ok);

/** A client of a user with these rules. */
async function as(name: string, rules: readonly string[]): Promise<RedisClient> {
  await server.client.call("ACL", "SETUSER", name, "reset", "on", ">secret", ...rules);
  return createRedis(server.settings({ username: name, password: "secret" }), "commands", "test");
}

describe("self-check", () => {
  it("passes on a Redis as it should be", async () => {
    const checks = await check();
    expect(failures(checks)).toEqual([]);
    expect(checks.map(({ name }) => name)).toEqual([
      "redis",
      "redis writes",
      "redis version",
      "maxmemory-policy",
      "clock skew",
      "redis permissions",
    ]);
  });

  it("passes for a user that has exactly the service's own rights", async () => {
    const client = await as("least", aclRules("mcp"));
    expect(failures(await check(client))).toEqual([]);
    client.disconnect();
  });

  it("names the commands that the user lacks, and notices when they come back", async () => {
    const client = await as("lacking", [...aclRules("mcp"), "-xack", "-xgroup|create"]);
    expect(failures(await check(client))).toEqual([
      { name: "redis permissions", ok: false, detail: "the ACL user lacks xack, xgroup|create" },
    ]);
    await server.client.call("ACL", "SETUSER", "lacking", "+xack", "+xgroup|create");
    expect(failures(await check(client))).toEqual([]);
    client.disconnect();
  });

  it("says so when scripts may not run at all", async () => {
    const client = await as("scriptless", [...aclRules("mcp"), "-eval"]);
    expect(failures(await check(client))).toMatchObject([{ name: "redis permissions" }]);
    client.disconnect();
  });

  it.each([
    { why: "a full Redis", set: ["maxmemory", "1mb"], unset: ["maxmemory", "0"], detail: /^refused \(oom\): OOM/ },
    {
      why: "a Redis without the replicas that it wants",
      set: ["min-replicas-to-write", "1"],
      unset: ["min-replicas-to-write", "0"],
      detail: /^refused \(busy\): NOREPLICAS/,
    },
  ] as const)("notices that $why refuses writes, and that it accepts them again", async ({ set, unset, detail }) => {
    await server.client.config("SET", ...set);
    const failed = failures(await check());
    await server.client.config("SET", ...unset);
    expect(failed).toEqual([{ name: "redis writes", ok: false, detail: expect.stringMatching(detail) }]);
    expect(failures(await check())).toEqual([]);
  });

  it("notices a server that is only a replica", async () => {
    await using master = await startRedis();
    await server.client.replicaof("127.0.0.1", String(master.port));
    const failed = failures(await check());
    await server.client.replicaof("NO", "ONE");
    expect(failed).toEqual([
      { name: "redis writes", ok: false, detail: expect.stringMatching(/^refused \(readonly\): READONLY/) },
    ]);
    // The client has left the replica and connects anew.
    await eventually(
      async () => failures(await check()),
      (left) => left.length === 0,
    );
  });

  it("complains of a policy that evicts queues", async () => {
    await server.client.config("SET", "maxmemory-policy", "allkeys-lru");
    expect(failures(await check())).toMatchObject([
      { name: "maxmemory-policy", detail: expect.stringContaining("allkeys-lru") },
    ]);
    await server.client.config("SET", "maxmemory-policy", "noeviction");
    expect(failures(await check())).toEqual([]);
  });

  it.each([-5_000, 5_000])("complains of a clock that is off by %i ms", async (offMs) => {
    expect(failures(await check(redis, () => Date.now() + offMs))).toMatchObject([{ name: "clock skew" }]);
  });

  it("has one failure to tell when Redis is down, and recovers", async () => {
    await server.stop();
    expect(await check()).toMatchObject([{ name: "redis", ok: false }]);
    await server.start();
    await expect.poll(async () => failures(await check()), { timeout: 5_000 }).toEqual([]);
  });
});
