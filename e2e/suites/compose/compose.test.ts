import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { alertmanagerFlags } from "@mcp-orchestrator/alertmanager";
import {
  ALERTS,
  BUNDLE,
  CONTEXT,
  type Command,
  commandsOf,
  commandText,
  PRODUCTION,
  prometheusFlags,
  withOutput,
} from "@mcp-orchestrator/alerts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROUNDS, remembers, restartUnderFaults, runRound } from "../../drill/episodes/faultRounds.ts";
import { lookBackMs, REMEMBERED_MS, type RunbookCommand } from "../../drill/runbooks/plan.ts";
import { RunbookRunner } from "../../drill/runbooks/runbookRunner.ts";
import { serviceEnvironment } from "../../drill/serviceEnvironment.ts";
import { ServiceApi } from "../../services/load/serviceApi.ts";
import { OrchestratorClient, type Receipt } from "../../stack/clients/orchestrator.ts";
import { askGrafana } from "../../stack/compose/grafanaCheck.ts";
import { ComposeProject } from "../../stack/compose/project.ts";
import { E2E_RUNTIME } from "../../testkit/config.ts";
import { request, requestJson } from "../../testkit/http.ts";
import { PrometheusClient } from "../../testkit/servers/prometheusClient.ts";
import { until } from "../../testkit/until.ts";
import { startRound } from "./composeRound.ts";

const TIMEOUT_MS = 120_000;
const UP_TIMEOUT_MS = 600_000;
const REDIS_CLI = ["exec", "-T", "redis", "redis-cli", "--no-auth-warning"];

/** The labels of an alert, as a reader of its runbook sets them. */
const LABELS = { type: "codegen", lane: "express" };
/** Output for an operator without permission, or about something that does not exist. */
const REFUSED = /NOAUTH|NOPERM|WRONGPASS|FORBIDDEN|UNAUTHORIZED|Unauthorized|no such service|No such file/;
/** A line of the service's log, which also audits the requests that it has refused to others, or what Redis denies the service. */
const OF_THE_SERVICE = /^\{"level":.*$|^.*User orchestrator has no permissions.*$/gm;
/** Every command of the runbooks; equal ones once. */
const COMMANDS = [
  ...new Map(
    ALERTS.flatMap(({ name, runbook }) =>
      commandsOf(runbook).map((command) => ({ alert: name, id: command.id, command })),
    ).map((each) => [`${commandText(each.command, "compose")} ${JSON.stringify(each.command.healthy)}`, each]),
  ).values(),
];
/** What commands start that has stopped. The fault of `start` is in a round. */
const STARTED: Readonly<Record<string, readonly string[]>> = {
  restart: ["orchestrator"],
  "start-replica": ["orchestrator"],
  "start-missing": ["orchestrator"],
  "redis-start": ["redis"],
  "alerting-start": ["prometheus", "alertmanager"],
};
const page = (name: string) => readFileSync(new URL(`../../../${name}`, import.meta.url), "utf8");
const TRIAL_COMMANDS = page("README.md");
/** The commands that change a secret, in the order of their page; those for Grafana's; and those that read one. */
const CHANGES = [...page("secrets/README.md").matchAll(/^```sh\n(.*?)^```$/gms)].map(([, commands = ""]) => commands);
const [changeGrafana = "", reads = ""] = CHANGES.slice(-2);
const [readToken = "", readGrafana = ""] = reads.split("\n");
/** Where the address of `slack-warnings` leads after its change. */
const NEW_CHANNEL = "new-channel";
/** A warning waits for a minute and a half. */
const TRIAL_MS = 150_000;
/** The interval of a group, and a little. */
const RESOLVED_MS = 330_000;
/** Longer than a round of faults takes on a busy machine. */
const ROUND_MS = 300_000;

/** With the defaults, a task whose acknowledgement failed is claimed after a minute and a half. */
const QUICK_RECOVERY = {
  BLOCK_MS: "1000",
  LEASE_INTERVAL_MS: "1000",
  ORPHAN_MIN_IDLE_MS: "6000",
  ORPHAN_RECOVERY_INTERVAL_MS: "2000",
  RETRY_CAP_MS: "5000",
};
/** A stalled upstream holds its tasks, as in the drill. */
const { UPSTREAM_TIMEOUT_MS = "", TASK_TIMEOUT_MS = "", WORKER_UNRESPONSIVE_MS = "" } = serviceEnvironment(PRODUCTION);

/** Without a claim about a long past: the suite itself restarts servers. The drill checks it in a stack of its own. */
const withoutFarClaim = (command: Command) =>
  lookBackMs(command) > REMEMBERED_MS ? withOutput(command, CONTEXT) : command;

let project: ComposeProject;
let orchestrator: OrchestratorClient;
let prometheus: PrometheusClient;

/** Needs an engine; `npm test` reports if none answers. */
describe.runIf(E2E_RUNTIME !== "native")("docker compose", () => {
  beforeAll(async () => {
    project = await ComposeProject.create(`mcp-orchestrator-test-${process.pid}`, {
      ...QUICK_RECOVERY,
      ...{ UPSTREAM_TIMEOUT_MS, TASK_TIMEOUT_MS, WORKER_UNRESPONSIVE_MS },
    });
    if (project.leftOut.length > 0)
      console.warn(`Left out, its image is not available here: ${project.leftOut.join(", ")}`);
    await project.up();
    await connect();
  }, UP_TIMEOUT_MS);
  afterAll(() => project[Symbol.asyncDispose](), TIMEOUT_MS);

  /** After a restart a container may have another port of its range. */
  async function connect(): Promise<void> {
    orchestrator = new OrchestratorClient(await project.url("orchestrator", 8000));
    prometheus = new PrometheusClient(await project.url("prometheus", 9090));
  }

  const inside = (service: string, text: string) => project.compose("exec", "-T", service, "sh", "-c", text);
  /** Reads from a volume that no running container mounts. */
  const inVolume = async (volume: string, text: string) => {
    const mount = `${project.name}_${volume}:/volume:ro`;
    const output = await project.shell(
      `docker run --rm --network none --user 0 -v '${mount}' mcp-orchestrator/e2e sh -c '${text}'`,
    );
    return output.stdout.trim();
  };
  const submit = (count: number): Promise<readonly Receipt[]> =>
    orchestrator.submitBatch(
      Array.from({ length: count }, (_, n) => ({
        type: "codegen",
        priority: n % 20,
        payload: { prompt: `Sort ${n} numbers` },
      })),
    );
  const expectAllCompleted = async (receipts: readonly Receipt[]) => {
    for (const { task_id } of receipts) {
      expect(await orchestrator.waitForEnd(task_id, TIMEOUT_MS)).toMatchObject({ task_id, status: "completed" });
    }
  };
  const rediscovered = (count: number) => prometheus.waitForTargets(count, TIMEOUT_MS, { job: BUNDLE.job });

  test("becomes healthy without any preparation, and warns that the heartbeat calls no one", async () => {
    const states = await project.states();
    const running = states.filter(({ service }) => service !== "setup");
    expect(running.length).toBeGreaterThanOrEqual(6);
    expect(running.filter(({ state, health }) => state !== "running" || health !== "healthy")).toEqual([]);
    expect(await project.compose("logs", "setup")).toMatch(/WARNING: the heartbeat .* secrets\/deadman-url/);
  });

  test("accepts a task and returns its result", async () => {
    await expectAllCompleted(await submit(1));
  });

  test("is scraped, and has every rule at production timing", async () => {
    await rediscovered(1);
    const rules = await prometheus.ruleNames();
    expect(ALERTS.filter(({ name }) => !rules.includes(name))).toEqual([]);
    const file = await project.compose("config");
    for (const flag of [...prometheusFlags(PRODUCTION), ...alertmanagerFlags(PRODUCTION)]) expect(file).toContain(flag);
    await request(`${await project.url("alertmanager", 9093)}/-/ready`);
  });

  test("admits no client to Redis without a user, and no user beyond its rights", async () => {
    const anonymous = await project.compose(...REDIS_CLI, "GET", "mcp:controls");
    expect(anonymous).toContain("NOAUTH");
    const as = (user: string, password: string, ...command: string[]) =>
      project.compose(
        "exec",
        "-T",
        "redis",
        "sh",
        "-c",
        `redis-cli --no-auth-warning --user ${user} --pass "${password}" ${command.join(" ")}`,
      );
    const service = await inside("orchestrator", "cat /credentials/redis-password");
    expect(await as("orchestrator", service, "PING")).toBe("PONG");
    expect(await as("orchestrator", service, "FLUSHALL")).toContain("NOPERM");
    expect(await as("orchestrator", service, "GET", "other:key")).toContain("NOPERM");
    const metrics = await inVolume("metrics-credentials", "cat /volume/redis-password");
    expect(await as("metrics", metrics, "INFO", "memory")).toContain("used_memory");
    expect(await as("metrics", metrics, "XLEN", "mcp:queue:ml")).toContain("NOPERM");
    const operator = await inside("redis", "cat /credentials/operator-password");
    expect(await as("operator", operator, "XLEN", "mcp:queue:dlq")).toMatch(/^\d+$/);
  });

  test("gives each container its own secrets and nothing else", async () => {
    const find = (folder: string) => `find ${folder} -type f | sort`;
    const files = async (service: string, folder: string) => (await inside(service, find(folder))).split("\n");
    expect(await files("redis", "/credentials")).toEqual(["/credentials/operator-password", "/credentials/users.acl"]);
    expect(await inside("redis", "grep -c nopass /credentials/users.acl")).toBe("1");
    expect(await files("orchestrator", "/credentials")).toEqual(
      ["admin-token", "orchestrator.env", "redis-password"].map((name) => `/credentials/${name}`),
    );
    expect(await files("alertmanager", "/etc/alertmanager/secrets")).toEqual(
      [
        "deadman-url",
        "pagerduty-routing-key",
        "slack-critical-url",
        "slack-team-platform-url",
        "slack-warnings-url",
      ].map((name) => `/etc/alertmanager/secrets/${name}`),
    );
    for (const service of ["alertmanager", "prometheus", "inbox", "simulator"]) {
      expect(await inside(service, "ls -d /credentials /secrets 2>/dev/null || true"), service).toBe("");
    }
    if (!project.leftOut.includes("grafana")) {
      expect(await files("grafana", "/credentials")).toEqual(["/credentials/admin-password"]);
    }
  });

  test("generates an admin token, which requests need and the command line in the container has", async () => {
    const path = "/api/v1/admin/rate-limit";
    expect((await fetch(`${orchestrator.url}${path}`)).status).toBe(401);
    const answer = await inside("orchestrator", `node orchestrator/src/cli.ts request GET ${path}`);
    expect(JSON.parse(answer)).toMatchObject({ enabled: false });
  });

  const runner = () =>
    new RunbookRunner({
      shell: {
        deployment: "compose",
        run: async (text, variables) => {
          const { stdout, stderr } = await project.shell(text, variables);
          expect(`${stdout}${stderr}`.replaceAll(OF_THE_SERVICE, "")).not.toMatch(REFUSED);
          return stdout;
        },
      },
      profile: PRODUCTION,
      signal: AbortSignal.timeout(ROUND_MS),
      ran: () => {},
    });

  test.each([
    { secret: "a receiver's address", command: 0, restarted: [] },
    { secret: "the admin token", command: 1, changed: "token", file: "another-token", restarted: ["orchestrator"] },
    { secret: "the generated admin token", command: 2, changed: "token", restarted: ["orchestrator"] },
    { secret: "the operator's password", command: 3, changed: "operator", restarted: ["redis"] },
    { secret: "the service's password", command: 4, changed: "service", restarted: ["orchestrator", "redis"] },
  ])(
    "secrets/README.md says how to change $secret, and nothing else is restarted",
    async ({ command, changed, file, restarted }) => {
      expect(CHANGES).toHaveLength(7);
      const read = () =>
        Promise.all([
          inside("orchestrator", "cat /credentials/admin-token"),
          inside("redis", "cat /credentials/operator-password"),
          inside("orchestrator", "cat /credentials/redis-password"),
        ]);
      const accepted = async ([token, operator, service]: string[]) => [
        (await fetch(`${orchestrator.url}/api/v1/admin/rate-limit`, { headers: { authorization: `Bearer ${token}` } }))
          .ok,
        ...(await Promise.all(
          [`operator --pass ${operator}`, `orchestrator --pass ${service}`].map(async (login) =>
            (await inside("redis", `redis-cli --no-auth-warning --user ${login} PING`)).includes("PONG"),
          ),
        )),
      ];
      const before = { secrets: await read(), startedAt: await project.startedAt() };
      writeFileSync(join(project.secrets, "slack-warnings-url"), `http://inbox:8090/slack/${NEW_CHANNEL}`);
      if (file === undefined) rmSync(join(project.secrets, "admin-token"), { force: true });
      else writeFileSync(join(project.secrets, "admin-token"), file);
      await project.shell(CHANGES[command] ?? "");
      await project.up("--no-recreate");
      await connect();
      const after = await project.startedAt();
      expect([...after.keys()].filter((name) => after.get(name) !== before.startedAt.get(name)).toSorted()).toEqual(
        restarted,
      );
      const isChanged = ["token", "operator", "service"].map((name) => name === changed);
      const secrets = await read();
      expect((await project.shell(readToken)).stdout.trim()).toBe(secrets[0]?.trim());
      expect(secrets.map((secret, index) => secret !== before.secrets[index])).toEqual(isChanged);
      expect(await accepted(before.secrets)).toEqual(isChanged.map((changed) => !changed));
      expect(await accepted(secrets)).toEqual([true, true, true]);
      await expectAllCompleted(await submit(1));
    },
    TIMEOUT_MS,
  );

  test(
    "secrets/README.md says how to change and read the password of Grafana's admin",
    async () => {
      const isLeftOut = project.leftOut.includes("grafana");
      const environment = isLeftOut ? await project.startInPlaceOfGrafana() : {};
      const read = async () => (await project.shell(readGrafana, environment)).stdout.trim();
      const before = await read();
      const { stdout, stderr } = await project.shell(changeGrafana, environment);
      const after = await read();
      expect(before).toMatch(/^[\w-]{32}$/);
      expect(after).toMatch(/^[\w-]{32}$/);
      expect(after).not.toBe(before);
      expect(await inVolume("grafana-credentials", "stat -c %a:%U /volume/admin-password")).toBe("644:root");
      // What stands in for Grafana prints the command that it gets.
      const done = isLeftOut ? `grafana cli admin reset-admin-password ${after}` : "changed successfully";
      expect(`${stdout}${stderr}`).toContain(done);
      if (isLeftOut) await project.shell("docker compose rm --stop --force grafana", environment);
    },
    TIMEOUT_MS,
  );

  /** Receivers whose messages about an alert are in the inbox. */
  const receivers = async (alert: string, wanted: "firing" | "resolved") => {
    type Kept = { receiver: string; alertname?: string; status: string };
    const kept = await requestJson<Kept[]>(`${await project.url("inbox", 8090)}/api/notifications`);
    return kept
      .filter(({ alertname, status }) => alertname === alert && status === wanted)
      .map(({ receiver }) => receiver)
      .toSorted();
  };

  test(
    "a page and a warning arrive by the commands of README.md, and the third command ends the page",
    async () => {
      const commands = [...TRIAL_COMMANDS.matchAll(/^ *docker compose exec -T alertmanager .* alert add .*$/gm)].flat();
      expect(commands).toHaveLength(3);
      const [critical = "", warning = "", end = ""] = commands;
      await project.shell(critical);
      await project.shell(warning);
      await until("the page and the warning", { timeoutMs: TRIAL_MS, intervalMs: 1_000 }, async () => {
        expect(await receivers("TestPage", "firing")).toEqual(["pagerduty", "slack-critical"]);
        expect(await receivers("TestWarning", "firing")).toEqual([NEW_CHANNEL]);
      });
      await project.shell(end);
      const alertmanager = await project.url("alertmanager", 9093);
      await until("the end of the page", { timeoutMs: TRIAL_MS, intervalMs: 1_000 }, async () =>
        expect(await requestJson(`${alertmanager}/api/v2/alerts?filter=alertname=TestPage`)).toEqual([]),
      );
    },
    2 * TRIAL_MS,
  );

  test.each(COMMANDS)(
    "$id of the runbook of $alert runs as printed, after the preamble",
    async ({ alert, command }) => {
      // Nothing is unaccounted for: the service reports it, so the request was authorized.
      const nothingLost = {
        ...{ ...command, run: `${commandText(command, "compose")} 2>&1` },
        firing: { matches: "has 0 unaccounted tasks", not: "" },
      } as typeof command;
      const planned = { alert, command: command.id === "write-off" ? nothingLost : withoutFarClaim(command) };
      // The output of a command that changes something does not depend on the alert; that of one that looks does.
      await (command.changes
        ? runner().mitigate([planned], () => LABELS)
        : runner().checkHealthy([planned], () => LABELS));
      if (["restart", "rolling-restart", "start"].includes(command.id)) {
        await project.up("--no-recreate");
        await connect();
      }
    },
    TIMEOUT_MS,
  );

  describe("under faults", () => {
    const looked: RunbookCommand[] = [];

    test.each(ROUNDS.map((faults) => [faults.join(", "), faults] as const))(
      "the commands of the runbooks show what they must: %s",
      async (_names, faults) => {
        await using round = await startRound(project, faults);
        looked.push(...(await runRound(faults, round, runner(), { diagnosed: true })));
        await everyTaskEnds(round);
      },
      ROUND_MS,
    );

    test(
      "rolling-restart ends what it can: a main process that hangs, and another number of workers than configured",
      async () => {
        await using round = await startRound(project, []);
        const configured = await restartUnderFaults(round, runner());
        await everyTaskEnds(round);
        await using api = new ServiceApi(orchestrator.url);
        expect(await api.wantedWorkers("ml")).toBe(configured);
      },
      ROUND_MS,
    );

    async function everyTaskEnds({ load, ledger }: Awaited<ReturnType<typeof startRound>>): Promise<void> {
      await connect();
      await using api = new ServiceApi(orchestrator.url);
      await load[Symbol.asyncDispose]();
      await until("every task to end", { timeoutMs: TIMEOUT_MS, intervalMs: 1_000 }, async () =>
        expect(await ledger.reconcile((taskId) => api.find(taskId))).toEqual([]),
      );
    }

    test(
      "afterwards, they show what they must in a healthy system",
      () => {
        const now = looked.filter(
          ({ command }) => command.healthy !== undefined && !remembers(commandText(command, "compose")),
        );
        const each = new Map(now.map((one) => [JSON.stringify(one.command), one]));
        return runner().checkHealthy([...each.values()], () => LABELS);
      },
      ROUND_MS,
    );
  });

  // Most of the interval of its group is over, and no restart has emptied the inbox.
  test(
    "the message that the page is over arrives",
    () =>
      until("the message", { timeoutMs: RESOLVED_MS, intervalMs: 1_000 }, async () =>
        expect(await receivers("TestPage", "resolved")).toEqual(["pagerduty", "slack-critical"]),
      ),
    RESOLVED_MS + TIMEOUT_MS,
  );

  // The console names what is left out: a service without an image cannot be tested.
  test(
    "Grafana, where its image is available, has the dashboards, imports them and answers each panel's query",
    async () => {
      if (project.leftOut.includes("grafana")) {
        expect((await project.states()).map(({ service }) => service)).not.toContain("grafana");
        return;
      }
      await expectAllCompleted(await submit(60));
      const { missing, asked } = await askGrafana(project, prometheus.url);
      expect(missing).toEqual([]);
      expect(asked).toBeGreaterThan(40);
    },
    TIMEOUT_MS,
  );

  // Not with the other commands: a restart of Alertmanager would lose the end of the page.
  test.each(
    COMMANDS.flatMap(({ alert, id, command }) => (id in STARTED ? [{ alert, id, command, stopped: STARTED[id] }] : [])),
  )(
    "$id of the runbook of $alert starts what has stopped",
    async ({ alert, command, stopped = [] }) => {
      const before = await submit(10);
      await project.compose("stop", ...stopped);
      await runner().mitigate([{ alert, command }], () => LABELS);
      const states = (await project.states()).filter(({ service }) => stopped.includes(service));
      expect(states.map(({ state }) => state)).toEqual(stopped.map(() => "running"));
      await project.up("--no-recreate");
      await connect();
      await expectAllCompleted(before);
    },
    TIMEOUT_MS,
  );

  test.each(["orchestrator", "redis", "prometheus", "alertmanager", "simulator", "inbox"])(
    "a restart of %s loses no task",
    async (service) => {
      const before = await submit(60);
      await project.compose("restart", service);
      await project.up("--no-recreate");
      await connect();
      await expectAllCompleted(before);
      await expectAllCompleted(await submit(10));
    },
    TIMEOUT_MS,
  );

  test(
    "three replicas share the work, and Prometheus finds all of them",
    async () => {
      await project.up("--no-recreate", "--scale", "orchestrator=3");
      await rediscovered(3);
      await expectAllCompleted(await submit(90));
      await until(
        "matching task accounting on every replica",
        { timeoutMs: TIMEOUT_MS, intervalMs: 1_000 },
        async () => {
          expect(await prometheus.query("count(mcp_build_info)")).toMatchObject([{ value: 3 }]);
          expect(await prometheus.query("mcp_tasks_unaccounted != 0")).toEqual([]);
        },
      );
    },
    TIMEOUT_MS,
  );

  test(
    "goes down and leaves nothing",
    async () => {
      await project.down();
      expect(await project.leftovers()).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
