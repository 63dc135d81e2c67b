import { ALERTS, type Command, commandsOf, commandText, outputShows, PREAMBLES } from "@mcp-orchestrator/alerts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ServiceApi } from "../../services/load/serviceApi.ts";
import { request } from "../../testkit/http.ts";
import { freePort } from "../../testkit/ports.ts";
import { signalPid } from "../../testkit/process/signals.ts";
import { startRedis, type TestRedis } from "../../testkit/servers/redis.ts";
import { until } from "../../testkit/until.ts";
import { type Supervisord, startSupervisord } from "./support/supervisord.ts";

/**
 * The runbook commands that only supervisor has, on a real supervisord with the file of `deploy/supervisor`, before and
 * under a crash, a stop and a hang. All others are those of systemd.
 */

const START_MS = 60_000;
/** Equal texts once. */
const COMMANDS = [
  ...new Map(
    ALERTS.flatMap(({ runbook }) => commandsOf(runbook))
      .filter((command) => commandText(command, "supervisor") !== commandText(command, "native"))
      .map((command) => [commandText(command, "supervisor"), command]),
  ).values(),
];
const LOOKS = COMMANDS.filter(({ changes }) => !changes);
/** What supervisorctl, tail or bash prints if it cannot do its work; a restart only remarks that nothing runs. */
const FAILED = /\bERROR \((?!not running\))|^error:|No such file|no such|refused|not found|cannot open/m;

let redis: TestRedis;
let supervisord: Supervisord;
let url = "";

beforeAll(async () => {
  redis = await startRedis();
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  supervisord = await startSupervisord({ REDIS_URL: redis.url, PORT: String(port), WORKERS_PER_TYPE: "1" });
  await ready();
}, START_MS);
afterAll(async () => {
  await supervisord?.[Symbol.asyncDispose]();
  await redis?.[Symbol.asyncDispose]();
});

const ready = () =>
  until("a service that is ready", { timeoutMs: START_MS, intervalMs: 500 }, async () => {
    expect(await supervisord.status()).toMatchObject({ state: "RUNNING" });
    await request(`${url}/readyz`);
  });

/** Runs a command as printed, and returns both outputs. */
async function run(command: Command): Promise<string> {
  const text = [PREAMBLES.supervisor, commandText(command, "supervisor")].join("\n");
  const output = await supervisord.run(text, { MCP_ORCHESTRATOR_URL: url, REDIS_URL: redis.url });
  expect(output, command.id).not.toMatch(FAILED);
  return output;
}

async function runAll(commands: readonly Command[]): Promise<ReadonlyMap<string, string>> {
  const outputs = new Map<string, string>();
  for (const command of commands) outputs.set(command.id, await run(command));
  return outputs;
}

const named = (id: string): Command => {
  const found = COMMANDS.find((command) => command.id === id);
  if (found === undefined) throw new RangeError(`No ${id} of supervisor`);
  return found;
};

/** Runs a command that starts the service, with what it must show. */
async function change(id: string): Promise<void> {
  const command = named(id);
  const output = await run(command);
  if (command.firing !== undefined) expect(outputShows(output, command.firing), output).toBe(true);
  await ready();
}

test("the commands of supervisor look, or start and restart the service", () => {
  expect(LOOKS.length).toBeGreaterThan(10);
  expect(COMMANDS.filter(({ changes }) => changes).map(({ id }) => id)).toEqual([
    "rolling-restart",
    "restart",
    "start-missing",
  ]);
});

test("what looks runs without a fault, and says that the service runs", async () => {
  const outputs = await runAll(LOOKS);
  expect(outputs.get("service-state")).toMatch(/^mcp-orchestrator +RUNNING .*\n.*"msg":/);
  expect(outputs.get("log-end")).toMatch(/^\{"level":/);
});

test(
  "after a crash of a worker and one of the main process, supervisor starts it again, and the log says it",
  async () => {
    await using api = new ServiceApi(url);
    const [worker] = await api.workers();
    signalPid(worker?.pid ?? 0, "SIGKILL");
    await until("the crash in the log", { timeoutMs: START_MS, intervalMs: 500 }, async () => {
      const command = named("crash-log");
      expect(outputShows(await run(command), command.firing ?? { nothing: true })).toBe(true);
    });
    const { pid = 0 } = await supervisord.status();
    signalPid(pid, "SIGKILL");
    await until("another process", { timeoutMs: START_MS, intervalMs: 500 }, async () => {
      expect((await supervisord.status()).pid).not.toBe(pid);
      await ready();
    });
    await runAll(LOOKS);
  },
  2 * START_MS,
);

test(
  "after a stop, what looks runs, and says that",
  async () => {
    await supervisord.ctl("stop", "mcp-orchestrator");
    expect((await runAll(LOOKS)).get("service-state")).toMatch(/^mcp-orchestrator +STOPPED /);
  },
  START_MS,
);

test.each(["start-missing", "restart", "rolling-restart"])(
  "%s starts a service that was stopped",
  async (id) => {
    await supervisord.ctl("stop", "mcp-orchestrator");
    await change(id);
  },
  START_MS,
);

test(
  "rolling-restart ends a main process that hangs, and its workers with it",
  async () => {
    await using api = new ServiceApi(url);
    const workers = await api.workers();
    const { pid = 0 } = await supervisord.status();
    signalPid(pid, "SIGSTOP");
    await change("rolling-restart");
    expect((await supervisord.status()).pid).not.toBe(pid);
    for (const worker of workers) expect(() => process.kill(worker.pid ?? 0, 0)).toThrow("ESRCH");
  },
  START_MS,
);
