import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { expect, it } from "vitest";
import { selfCheck } from "../../src/health/selfCheck.ts";
import { DeadLetters } from "../../src/queue/inspect/deadLetters.ts";
import { TaskExplainer } from "../../src/queue/inspect/explain.ts";
import { TaskLookup } from "../../src/queue/inspect/lookup.ts";
import { readSnapshot } from "../../src/queue/inspect/snapshot.ts";
import { Janitor } from "../../src/queue/recover/janitor.ts";
import { Leases } from "../../src/queue/recover/leases.ts";
import { Promoter } from "../../src/queue/recover/promoter.ts";
import { Switches } from "../../src/queue/switches.ts";
import { createRedis } from "../../src/redis/connection.ts";
import { aclRules, REQUIRED_COMMANDS, requiredCommands } from "../../src/redis/permissions.ts";
import { startSingleNodeCluster } from "../support/redisCluster.ts";
import { startRedis } from "../support/redisServer.ts";
import { createSubmission, keys, startRunner, TYPE } from "../support/worker.ts";

const user = { username: "service", password: "secret" };

it.each([
  ["works", { waits: false }],
  ["that waits for replicas works", { waits: true }],
])("the service %s with exactly the listed permissions", async (_, rights) => {
  await using server = await startRedis();
  const rules = aclRules(keys.prefix, rights);
  await server.client.call("ACL", "SETUSER", user.username, "on", `>${user.password}`, ...rules);
  const redis = createRedis(server.settings(user), "commands", "test");
  using _redis = { [Symbol.dispose]: () => redis.disconnect() };
  const submission = createSubmission(redis, {
    rateLimitPerSecond: 1_000,
    replicas: rights.waits ? { count: 0, timeoutMs: 100 } : undefined,
  });
  const lookup = new TaskLookup(redis, keys, [TYPE]);
  const explainer = new TaskExplainer(redis, keys, [TYPE]);
  const deadLetters = new DeadLetters(redis, keys, [TYPE]);
  const promoter = new Promoter(redis, keys, [TYPE]);
  const switches = new Switches(redis, keys, 0);
  await switches.setExpressBypass(true);
  await switches.setExpressBypass(false);
  // A different rate than the configured one, so that it has to be read.
  await switches.enableRateLimit(3);
  await switches.pause(TYPE);
  await submission.submit([
    { type: TYPE, priority: 1, payloadJson: '"fails"', taskId: "fails" },
    { type: TYPE, priority: 20, payloadJson: '"late"', taskId: "late", delayMs: 1 },
    { type: TYPE, priority: 20, payloadJson: '"plain"' },
  ]);
  expect(Number(await server.client.hget(keys.rateLimit, "tokens"))).toBe(0);
  expect(await explainer.explain("fails")).toMatchObject({ paused: true, ahead: { count: 0 } });
  await switches.resume(TYPE);
  // A consumer of an earlier process of the worker.
  const { stream, group } = keys.queue(TYPE, "express");
  await server.client.xgroup("CREATE", stream, group, "0");
  await server.client.xreadgroup("GROUP", group, `express_${TYPE}_0`, "COUNT", 1, "STREAMS", stream, ">");
  const runner = startRunner(
    server,
    async (payload, { attempt }) => {
      if (payload === "fails" && attempt < 3) throw new Error("no");
      if (payload === "fails") throw new Error("for good");
    },
    {},
    { openRedis: (purpose, name) => createRedis(server.settings(user), purpose, name) },
  );
  const failed = await eventually(
    async () => {
      await promoter.runOnce();
      return await lookup.find("fails");
    },
    (view) => view?.status === "failed",
  );
  expect(failed).toMatchObject({ attempts: 3, error: { message: "for good" } });
  await eventually(
    () => lookup.find("late"),
    (view) => view?.status === "completed",
  );
  await new Leases(redis, keys, "").runOnce([{ type: TYPE, index: 0 }], 0);
  // Forces a round of orphan recovery, even if everything was done quickly. The drain waits for it.
  runner.recover();
  await runner.drain(1_000);
  await eventually(
    () => new Janitor(redis, keys, [TYPE], 1).runOnce(),
    (removed) => removed.length > 0,
  );
  expect(await deadLetters.retryWhere({ type: TYPE })).toBe(1);
  const letterId = await server.client.xadd(keys.deadLetters, "*", "task_id", "discarded", "type", TYPE);
  await server.client.set(keys.task("discarded"), `f 1-0 1-0 ${stream} {"deadLetterId":"${letterId}","attempts":1}`);
  await deadLetters.discard(String(letterId));
  expect(await server.client.exists(keys.task("discarded"))).toBe(0);
  expect((await deadLetters.list({ limit: 1 })).items).toEqual([]);
  await readSnapshot(redis, keys, [TYPE], 0);
  await new DeadLetters(redis, keys, [TYPE]).list({ limit: 1 });
  expect(await server.client.call("ACL", "LOG")).toEqual([]);

  // Every granted command is used, in scripts or outside.
  const selecting = createRedis(server.settings({ ...user, url: `${server.url}/1` }), "commands", "selecting");
  const checks = await selfCheck(selecting, {
    key: keys.switches,
    probeKey: keys.probe,
    requiredCommands: requiredCommands(rights),
    now: Date.now,
  });
  selecting.disconnect();
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  const stats = await server.client.info("commandstats");
  const sent = new Set([...stats.matchAll(/^cmdstat_([a-z|]+):/gm)].map(([, name]) => name));
  const granted = requiredCommands(rights).filter((command) => !command.startsWith("cluster|"));
  expect(granted.filter((command) => !sent.has(command))).toEqual([]);
  expect(sent.has("wait")).toBe(rights.waits);
});

it("grants exactly the Cluster commands that a Cluster client sends", async () => {
  await using node = await startSingleNodeCluster();
  await node.client.call("ACL", "SETUSER", user.username, "on", `>${user.password}`, ...aclRules("{mcp}"));
  await node.client.config("RESETSTAT");
  const clusterNodes = [{ host: "127.0.0.1", port: node.port }];
  const client = createRedis(node.settings({ ...user, clusterNodes }), "commands", "test");
  await client.hgetall("{mcp}:controls");
  client.disconnect();
  const stats = await node.client.info("commandstats");
  const sent = [...stats.matchAll(/^cmdstat_(cluster\|[a-z]+):/gm)].map(([, name]) => name);
  expect(sent.toSorted()).toEqual(REQUIRED_COMMANDS.filter((command) => command.startsWith("cluster|")).toSorted());
  expect(await node.client.call("ACL", "LOG")).toEqual([]);
});
