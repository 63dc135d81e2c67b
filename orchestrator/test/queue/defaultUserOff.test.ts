import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { readSnapshot } from "../../src/queue/inspect/snapshot.ts";
import { createRedis } from "../../src/redis/connection.ts";
import { aclRules, DEFAULT_USER_OFF } from "../../src/redis/permissions.ts";
import { startRedis } from "../support/redisServer.ts";
import { createSubmission, keys, TYPE } from "../support/worker.ts";

const user = { username: "service", password: "secret" };
const TASKS = 50;

/** The number of queued tasks after a restart of Redis with an append-only file. @param defaultUser its ACL rules */
async function queuedAfterRestart(...defaultUser: readonly string[]): Promise<number | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "redis-acl-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const aclFile = join(folder, "users.acl");
  await writeFile(aclFile, "");
  const server = await startRedis("--appendonly", "yes", "--appendfsync", "always", "--aclfile", aclFile);
  onTestFinished(() => server[Symbol.asyncDispose]());
  const service = ["on", `>${user.password}`, ...aclRules(keys.prefix)];
  await server.client.call("ACL", "SETUSER", user.username, ...service);
  const redis = createRedis(server.settings(user), "commands", "test");
  onTestFinished(() => redis.disconnect());
  const tasks = Array.from({ length: TASKS }, (_, n) => ({ type: TYPE, priority: n % 20, payloadJson: "{}" }));
  await createSubmission(redis).submit(tasks);
  await server.stop();
  // In contrast to ACL SETUSER, an ACL file starts each user without rights.
  await writeFile(aclFile, `user default ${defaultUser.join(" ")}\nuser ${user.username} ${service.join(" ")}\n`);
  await server.start();
  const snapshot = await readSnapshot(redis, keys, [TYPE], 0);
  return snapshot.queues.reduce((sum, { depth }) => sum + depth, 0);
}

it("with the default user turned off, all accepted tasks survive a restart of Redis", async () => {
  expect(await queuedAfterRestart(...DEFAULT_USER_OFF)).toBe(TASKS);
});
