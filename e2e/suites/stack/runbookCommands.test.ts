import { ALERTS, commandsOf, commandText, drillProfile, PREAMBLES } from "@mcp-orchestrator/alerts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DrillStack, runbookShell, startDrillStack } from "../../drill/drillStack.ts";
import { exceptionFor } from "../../drill/runbooks/exceptions.ts";
import { DRILL_DEPLOYMENT } from "../../drill/runbooks/plan.ts";
import { chooseRuntime } from "../../stack/runtime/choose.ts";
import { request } from "../../testkit/http.ts";
import { until } from "../../testkit/until.ts";

/** What the runbooks do to units on a host and the drill must not do. */

const START_MS = 120_000;
const UNTIL_MS = 15_000;
/** Texts by the id of the command; the texts of one id are equal in every runbook. */
const TEXTS = new Map(
  ALERTS.flatMap(({ runbook }) => commandsOf(runbook))
    .filter(({ id }) => exceptionFor(id) !== undefined)
    .map((command) => [command.id, commandText(command, DRILL_DEPLOYMENT)]),
);

let drill: DrillStack;
beforeAll(async () => {
  const options = { name: "units", profile: drillProfile(), replicas: 1, extra: { rules: "by-caller" } } as const;
  drill = await startDrillStack({ ...options, runtime: await chooseRuntime() });
}, START_MS);
afterAll(() => drill?.[Symbol.asyncDispose]());

const run = (id: string) => runbookShell(drill).run([PREAMBLES[DRILL_DEPLOYMENT], TEXTS.get(id)].join("\n"), {});
/** When a server has read its configuration for the last time. */
const reloadedAt = async ({ url }: { readonly url: string }) => {
  const metrics = await request(`${url}/metrics`);
  return Number(/^\w+_config_last_reload_success_timestamp_seconds (\S+)/m.exec(metrics)?.[1]);
};

test("these are all commands that the drill leaves out", () => {
  const tested = ["alerting-reload", "alerting-start", "redis-start", "restart", "rolling-restart", "start-missing"];
  expect([...TEXTS.keys()].toSorted()).toEqual(tested);
});

test.each([
  ["restart", "runs"],
  ["restart", "has ended"],
  ["rolling-restart", "runs"],
])("%s, where the service %s, ends with a new process that is ready", async (id, state) => {
  const { server, url } = drill.stack.orchestrator;
  const before = server.pid;
  if (state === "has ended") await server.stop();
  await run(id);
  expect(server.pid).not.toBe(before);
  expect(JSON.parse(await request(`${url}/readyz`))).toMatchObject({ ready: true });
});

test("start-missing starts a replica that has ended", async () => {
  const { server, url } = drill.stack.orchestrator;
  await server.stop();
  await run("start-missing");
  expect(JSON.parse(await request(`${url}/readyz`))).toMatchObject({ ready: true });
});

test("alerting-reload makes Prometheus and Alertmanager read their configuration", async () => {
  const servers = [drill.stack.prometheus, drill.stack.alertmanager];
  const before = await Promise.all(servers.map(reloadedAt));
  await run("alerting-reload");
  for (const [index, server] of servers.entries()) expect(await reloadedAt(server)).toBeGreaterThan(before[index] ?? 0);
});

test("alerting-start starts what has ended", async () => {
  const { prometheus, alertmanager } = drill.stack;
  await prometheus.server.stop();
  await alertmanager.server.stop();
  await expect(request(`${alertmanager.url}/-/ready`)).rejects.toThrow();
  await run("alerting-start");
  for (const { url } of [prometheus, alertmanager]) await request(`${url}/-/ready`);
});

test("redis-start starts a Redis that has ended, and the service works again", async () => {
  const { redis, orchestrator } = drill.stack;
  await redis.server.stop();
  await expect(redis.cli("PING")).rejects.toThrow();
  await run("redis-start");
  expect(await redis.cli("PING")).toBe("PONG");
  await until("a service that is ready", { timeoutMs: UNTIL_MS }, () => request(`${orchestrator.url}/readyz`));
});
