import { drillProfile } from "@mcp-orchestrator/alerts";
import { readTiles } from "@mcp-orchestrator/dashboards";
import { Redis } from "ioredis";
import { expect } from "vitest";
import { AclUser } from "../../drill/faults/acl.ts";
import { serviceEnvironment } from "../../drill/serviceEnvironment.ts";
import { Load } from "../../services/load/load.ts";
import { steadyLoad } from "../../services/load/rates.ts";
import { ServiceApi } from "../../services/load/serviceApi.ts";
import { REDIS_USERS } from "../../stack/servers/redis.ts";
import { test } from "../../stack/testing.ts";
import { until } from "../../testkit/until.ts";

/** Dashboards in an outage: an unknown value is neither a number nor green. */

const PROFILE = drillProfile();
const STEP_TIMEOUT_MS = 60_000;
const NO_DATA = { text: "no data", color: "purple" };
/** Known by the rules only. */
const BY_RULES = ["alerts-firing", "express-p95-now", "deepest-queue-now", "redis-memory-now"];
/** Known by Prometheus while the service does not answer. */
const KNOWN_WITHOUT_SERVICE = ["alerts-firing", "active-workers-now"];
/** Known only while Redis answers. */
const BY_REDIS = ["express-p95-now", "deepest-queue-now", "dead-letters-now", "redis-memory-now", "rate-limit"];
/** The worst of all queues. */
const OVER_QUEUES = ["express-p95-now", "deepest-queue-now"];
const QUEUE = "mcp:queue:ml";
const ASIDE = "aside";
/** Known only while tasks are done. */
const ABOUT_WORK = ["active-workers-now", "express-p95-now", "failure-share-now"];

test("tiles are right while the service is starved, frozen and stopped, and without rules, a queue or Redis", async ({
  stackWith,
}) => {
  const stack = await stackWith({ profile: PROFILE, settings: serviceEnvironment(PROFILE) });
  const { orchestrator, prometheus, redis } = stack;
  await using api = new ServiceApi(orchestrator.url);
  await using load = new Load({ api, ledger: { note: () => {} }, idPrefix: `tiles-${Date.now()}` });
  load.run(steadyLoad(PROFILE));

  const { scrapeIntervalMs } = PROFILE.prometheus;
  const tiles = async () => {
    const all = await readTiles((query) => prometheus.query(query), scrapeIntervalMs);
    return new Map(all.map(({ key, ...shown }) => [key, shown]));
  };
  const see = (what: string, look: (seen: Awaited<ReturnType<typeof tiles>>) => void) =>
    until(what, { timeoutMs: STEP_TIMEOUT_MS, intervalMs: scrapeIntervalMs }, async () => look(await tiles()));
  const healthy = () =>
    see("every tile to be known and good", (seen) => {
      expect([...seen].filter(([, { text }]) => text === NO_DATA.text)).toEqual([]);
      expect(seen.get("active-workers-now")).toEqual({ text: "100%", color: "green" });
      expect(seen.get("alerts-firing")).toEqual({ text: "0", color: "green" });
    });
  const unknown = (what: string) =>
    see(`no tile to know anything ${what}`, (seen) => {
      expect(seen.get("active-workers-now")).toEqual({ text: "0%", color: "red" });
      for (const [key, shown] of seen)
        if (!KNOWN_WITHOUT_SERVICE.includes(key)) expect([key, shown]).toEqual([key, NO_DATA]);
    });
  await healthy();

  const admin = new Redis(redis.url, { username: REDIS_USERS.admin, password: redis.passwords.admin });
  const user = new AclUser(admin, REDIS_USERS.service);
  try {
    await user.revoke(["xreadgroup"]);
    await see("no tile about work to be good while no worker can read", (seen) => {
      expect(seen.get("active-workers-now")).toEqual({ text: "0%", color: "red" });
      expect(seen.get("failure-share-now")).toEqual({ text: "none ended", color: "text" });
      for (const key of ABOUT_WORK) expect([key, seen.get(key)?.color]).not.toEqual([key, "green"]);
    });
    await user.grant(["xreadgroup"]);
    await healthy();

    await admin.rename(QUEUE, ASIDE);
    await admin.set(QUEUE, "not a stream");
    await see("no tile to say which queue is the worst while one cannot be read", (seen) => {
      for (const key of OVER_QUEUES) expect([key, seen.get(key)]).toEqual([key, NO_DATA]);
    });
    await admin.rename(ASIDE, QUEUE);
  } finally {
    admin.disconnect();
  }
  await healthy();

  const { pid } = orchestrator.server;
  if (pid === undefined) throw new Error("the orchestrator has no process");
  process.kill(pid, "SIGSTOP");
  try {
    await unknown("while the service is frozen");
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await healthy();

  await prometheus.unloadRules();
  await see("no tile of the rules to say anything without them", (seen) => {
    for (const key of BY_RULES) expect([key, seen.get(key)]).toEqual([key, NO_DATA]);
  });
  await prometheus.loadRules();
  await healthy();

  await redis.server.kill();
  await see("no tile to know what only Redis does, and none about work to be good", (seen) => {
    expect(seen.get("active-workers-now")).toEqual({ text: "0%", color: "red" });
    for (const key of BY_REDIS) expect([key, seen.get(key)]).toEqual([key, NO_DATA]);
    for (const key of ABOUT_WORK) expect([key, seen.get(key)?.color]).not.toEqual([key, "green"]);
  });

  await orchestrator.server.stop();
  await unknown("while the service is stopped");
});
