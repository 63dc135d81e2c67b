import { spawnSync } from "node:child_process";
import { findProgram } from "@mcp-orchestrator/e2e/testkit/process/programs";
import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Check, selfCheck } from "../../src/health/selfCheck.ts";
import { createRedis, type RedisClient } from "../../src/redis/connection.ts";
import { aclRules, requiredCommands } from "../../src/redis/permissions.ts";
import { NEWEST_REDIS, type RedisServer, startRedis, startRelease } from "../support/redisServer.ts";
import { ServiceProcess } from "../support/service.ts";

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
  return selfCheck(client, { key: "mcp:controls", probeKey: "mcp:probe", requiredCommands: requiredCommands(), now });
}
const failures = (checks: readonly Check[]) => checks.filter(({ ok }) => !ok);

/** Connects as a user with these rules. */
async function as(name: string, rules: readonly string[]): Promise<RedisClient> {
  await server.client.call("ACL", "SETUSER", name, "reset", "on", ">secret", ...rules);
  return createRedis(server.settings({ username: name, password: "secret" }), "commands", "test");
}

describe("self-check", () => {
  it("passes on a healthy Redis", async () => {
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

  it("reports the same server name and release as the program itself", async () => {
    const { stdout } = spawnSync(findProgram("redis"), ["--version"], { encoding: "utf8" });
    const [, name = "", version = ""] = /^(\w+) server v=(\S+)/.exec(stdout) ?? [];
    const shown = name === "Redis" ? version : `${name.toLowerCase()} ${version}`;
    expect(version).toMatch(/^\d+\.\d+/);
    expect((await check()).find((each) => each.name === "redis version")).toMatchObject({
      ok: true,
      detail: expect.stringMatching(new RegExp(`^${shown.replaceAll(".", "\\.")}, with `)),
    });
  });

  it("passes for a user with exactly the rights of the service", async () => {
    const client = await as("least", aclRules("mcp"));
    expect(failures(await check(client))).toEqual([]);
    client.disconnect();
  });

  it("names the commands that the user lacks, until they are granted again", async () => {
    const client = await as("lacking", [...aclRules("mcp"), "-xack", "-xgroup|create"]);
    expect(failures(await check(client))).toEqual([
      { name: "redis permissions", ok: false, detail: "the ACL user lacks xack, xgroup|create" },
    ]);
    await server.client.call("ACL", "SETUSER", "lacking", "+xack", "+xgroup|create");
    expect(failures(await check(client))).toEqual([]);
    client.disconnect();
  });

  it.each(["1", "0"])(
    "with REDIS_WAIT_REPLICAS=%s requires the right to WAIT only if the service waits",
    async (replicas) => {
      await server.client.call("ACL", "SETUSER", "waiting", "reset", "on", ">secret", ...aclRules("mcp"));
      await using service = await ServiceProcess.create(
        { REDIS_URL: server.url.replace("//", "//waiting:secret@"), REDIS_WAIT_REPLICAS: replicas },
        {},
      );
      await service.start();
      const permissions = async () => {
        const { body } = await service.get("/readyz");
        return (body as { checks: Check[] }).checks.find(({ name }) => name === "redis permissions");
      };
      if (replicas === "1") {
        await service.until(permissions, (found) => found?.detail === "the ACL user lacks wait");
        await server.client.call("ACL", "SETUSER", "waiting", ...aclRules("mcp", { waits: true }));
      }
      await service.until(permissions, (found) => found?.ok === true);
    },
  );

  it.each([
    ["the server of the suite", undefined],
    ["the newest Redis, which counts the arguments of a command that is asked about", NEWEST_REDIS],
  ])("names every command that the user lacks on %s", async (_, program) => {
    await using other = await startRelease(program);
    // Without these, the user cannot log in or run the check.
    const needed: readonly string[] = ["auth", "select", "client|setname", "ping", "info", "time", "set", "eval"];
    const lacking = requiredCommands().filter((command) => !needed.includes(command));
    const rules = [...aclRules("mcp"), ...lacking.map((command) => `-${command}`)];
    await other.client.call("ACL", "SETUSER", "lacking", "reset", "on", ">secret", ...rules);
    const client = createRedis(other.settings({ username: "lacking", password: "secret" }), "commands", "test");
    const found = (await check(client)).find(({ name }) => name === "redis permissions");
    client.disconnect();
    expect(found).toEqual({
      name: "redis permissions",
      ok: false,
      detail: expect.stringMatching(new RegExp(`lacks ${lacking.join(", ").replaceAll("|", "\\|")}$`)),
    });
  });

  it("fails if the user may not run scripts", async () => {
    const client = await as("scriptless", [...aclRules("mcp"), "-eval"]);
    expect(failures(await check(client))).toMatchObject([{ name: "redis permissions" }]);
    client.disconnect();
  });

  it.each([
    { why: "a full Redis", set: ["maxmemory", "100kb"], unset: ["maxmemory", "0"], detail: /^rejected \(oom\): OOM/ },
    {
      why: "a Redis without the replicas that it requires",
      set: ["min-replicas-to-write", "1"],
      unset: ["min-replicas-to-write", "0"],
      detail: /^rejected \(busy\): NOREPLICAS/,
    },
  ] as const)("detects that $why rejects writes, and later accepts them again", async ({ set, unset, detail }) => {
    await server.client.config("SET", ...set);
    const failed = failures(await check());
    await server.client.config("SET", ...unset);
    expect(failed).toEqual([{ name: "redis writes", ok: false, detail: expect.stringMatching(detail) }]);
    expect(failures(await check())).toEqual([]);
  });

  it("detects a server that is only a replica", async () => {
    await using master = await startRedis();
    await server.client.replicaof("127.0.0.1", String(master.port));
    const failed = failures(await check());
    await server.client.replicaof("NO", "ONE");
    expect(failed).toEqual([
      { name: "redis writes", ok: false, detail: expect.stringMatching(/^rejected \(readonly\): READONLY/) },
    ]);
    // The client has closed the connection to the replica and connects again.
    await eventually(
      async () => failures(await check()),
      (left) => left.length === 0,
    );
  });

  it("fails for a policy that evicts queues", async () => {
    await server.client.config("SET", "maxmemory-policy", "allkeys-lru");
    expect(failures(await check())).toMatchObject([
      { name: "maxmemory-policy", detail: expect.stringContaining("allkeys-lru") },
    ]);
    await server.client.config("SET", "maxmemory-policy", "noeviction");
    expect(failures(await check())).toEqual([]);
  });

  it.each([-5_000, 5_000])("fails for a clock that is off by %i ms", async (offMs) => {
    expect(failures(await check(redis, () => Date.now() + offMs))).toMatchObject([{ name: "clock skew" }]);
  });

  it("reports one failure while Redis is down, and recovers", async () => {
    await server.stop();
    expect(await check()).toMatchObject([{ name: "redis", ok: false }]);
    await server.start();
    await expect.poll(async () => failures(await check()), { timeout: 5_000 }).toEqual([]);
  });
});
