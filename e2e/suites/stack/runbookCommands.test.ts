import { ALERTS, commandsOf, commandText, drillProfile, PREAMBLES } from "@mcp-orchestrator/alerts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DrillStack, faultContextOf, runbookShell, startDrillStack } from "../../drill/drillStack.ts";
import {
  loadOf,
  ROUNDS,
  type RoundContext,
  type RoundFault,
  restartUnderFaults,
  runRound,
} from "../../drill/episodes/faultRounds.ts";
import { exceptionFor } from "../../drill/runbooks/exceptions.ts";
import { DRILL_DEPLOYMENT } from "../../drill/runbooks/plan.ts";
import { RunbookRunner } from "../../drill/runbooks/runbookRunner.ts";
import { Ledger } from "../../services/load/ledger.ts";
import { Load } from "../../services/load/load.ts";
import { chooseRuntime } from "../../stack/runtime/choose.ts";
import { request } from "../../testkit/http.ts";
import { signalPid } from "../../testkit/process/signals.ts";
import { until } from "../../testkit/until.ts";

/** What the runbooks print and the drill must not do: to units on a host, and about other causes than that of a fault. */

const START_MS = 120_000;
const UNTIL_MS = 15_000;
const ROUND_MS = 180_000;
/** A rolling restart gives up after two minutes. */
const COMMAND_MS = 130_000;
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

const shell = () => runbookShell(drill, COMMAND_MS);
const run = (id: string) => shell().run([PREAMBLES[DRILL_DEPLOYMENT], TEXTS.get(id)].join("\n"), {});
/** When a server has read its configuration for the last time. */
const reloadedAt = async ({ url }: { readonly url: string }) => {
  const metrics = await request(`${url}/metrics`);
  return Number(/^\w+_config_last_reload_success_timestamp_seconds (\S+)/m.exec(metrics)?.[1]);
};

test("these are all commands that the drill leaves out", () => {
  const tested = ["alerting-reload", "alerting-start", "redis-start", "restart", "rolling-restart", "start-missing"];
  expect([...TEXTS.keys()].toSorted()).toEqual(tested);
});

describe("under faults", () => {
  /** Runs something with the load of a round, after which every task must end. */
  async function withLoad<T>(
    faults: readonly RoundFault[],
    act: (context: RoundContext, runner: RunbookRunner) => Promise<T>,
  ): Promise<T> {
    const { api, profile, stack } = drill;
    const ledger = new Ledger();
    const ended = new AbortController();
    await using load = new Load({ api, ledger, idPrefix: `round-${Date.now()}` });
    load.run(loadOf(faults));
    const hang = async () => signalPid(stack.orchestrator.server.pid ?? 0, "SIGSTOP");
    const runner = new RunbookRunner({ shell: shell(), profile, signal: ended.signal, ran: () => {} });
    try {
      const result = await act({ ...faultContextOf(drill, load, ended.signal), hang }, runner);
      await load[Symbol.asyncDispose]();
      await until("every task to end", { timeoutMs: ROUND_MS }, async () =>
        expect(await ledger.reconcile((taskId) => api.find(taskId))).toEqual([]),
      );
      return result;
    } finally {
      ended.abort();
    }
  }

  test.each(ROUNDS.map((faults) => [faults.join(", "), faults] as const))(
    "the fixes of the runbooks, also for other causes, show what they must: %s",
    async (_names, faults) => {
      await withLoad(faults, (context, runner) => runRound(faults, context, runner, { diagnosed: false }));
    },
    ROUND_MS,
  );

  test(
    "rolling-restart ends what it can: a main process that hangs, and another number of workers than configured",
    async () => {
      const configured = await withLoad([], restartUnderFaults);
      expect(await drill.api.wantedWorkers("ml")).toBe(configured);
    },
    ROUND_MS,
  );
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
