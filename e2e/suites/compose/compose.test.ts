import { alertmanagerFlags } from "@mcp-orchestrator/alertmanager";
import {
  ALERTS,
  commandsOf,
  commandText,
  outputShows,
  PREAMBLES,
  PRODUCTION,
  prometheusFlags,
} from "@mcp-orchestrator/alerts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OrchestratorClient, type Receipt } from "../../stack/clients/orchestrator.ts";
import { askGrafana } from "../../stack/compose/grafanaCheck.ts";
import { ComposeProject } from "../../stack/compose/project.ts";
import { request } from "../../testkit/http.ts";
import { PrometheusClient } from "../../testkit/servers/prometheusClient.ts";
import { until } from "../../testkit/until.ts";

const TIMEOUT_MS = 120_000;
const UP_TIMEOUT_MS = 600_000;
const REDIS_CLI = ["exec", "-T", "redis", "redis-cli", "--no-auth-warning"];

/** The labels of an alert, as the last line before the commands of a runbook has them. */
const LABELS = {
  TYPE: "codegen",
  LANE: "express",
  QUEUE: "mcp:queue:codegen:express",
  GROUP: "mcp_express_codegen",
};
/** What an operator reads who is not let in, or who asks for what is not there. */
const REFUSED = /NOAUTH|NOPERM|WRONGPASS|FORBIDDEN|UNAUTHORIZED|Unauthorized|no such service|No such file/;
/** Every command of the runbooks; where several have the same, once. */
const COMMANDS = [
  ...new Map(
    ALERTS.flatMap(({ name, runbook }) => {
      const looks = new Set(runbook.diagnosis.flatMap(({ commands = [] }) => commands.map(({ id }) => id)));
      return commandsOf(runbook).map((command) => ({
        alert: name,
        id: command.id,
        command,
        // A mitigation may look into the log too.
        looks: looks.has(command.id) || commandText(command, "compose").startsWith("docker compose logs"),
      }));
    }).map((each) => [`${commandText(each.command, "compose")} ${JSON.stringify(each.command.healthy)}`, each]),
  ).values(),
];
/** A query over the last minute forgets what was before in a minute. */
const SHOWN_WITHIN_MS = 90_000;

/** At its default a task whose acknowledgement failed is taken up again after a minute and a half. */
const QUICK_RECOVERY = {
  BLOCK_MS: "1000",
  LEASE_INTERVAL_MS: "1000",
  ORPHAN_MIN_IDLE_MS: "6000",
  ORPHAN_RECOVERY_INTERVAL_MS: "2000",
  RETRY_CAP_MS: "5000",
};

let project: ComposeProject;
let orchestrator: OrchestratorClient;
let prometheus: PrometheusClient;

/** Without an engine there is nothing that could read the file; `npm test` says so loudly. */
describe.runIf(process.env.E2E_RUNTIME !== "native")("docker compose", () => {
  beforeAll(async () => {
    project = await ComposeProject.create(`mcp-orchestrator-test-${process.pid}`, QUICK_RECOVERY);
    if (project.leftOut.length > 0)
      console.warn(`Left out, its image is not available here: ${project.leftOut.join(", ")}`);
    await project.up();
    await connect();
  }, UP_TIMEOUT_MS);
  afterAll(() => project[Symbol.asyncDispose](), TIMEOUT_MS);

  /** A container that starts again has another port of its range. */
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
  const rediscovered = (count: number) => prometheus.waitForTargets(count, TIMEOUT_MS);

  test("comes up healthy with nothing prepared", async () => {
    const states = await project.states();
    const running = states.filter(({ service }) => service !== "setup");
    expect(running.length).toBeGreaterThanOrEqual(6);
    expect(running.filter(({ state, health }) => state !== "running" || health !== "healthy")).toEqual([]);
  });

  test("takes a task and gives its result", async () => {
    await expectAllCompleted(await submit(1));
  });

  test("is scraped, has every rule, and runs with the timing that ships", async () => {
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
      ["pagerduty-routing-key", "slack-critical-url", "slack-team-platform-url", "slack-warnings-url"].map(
        (name) => `/etc/alertmanager/secrets/${name}`,
      ),
    );
    for (const service of ["alertmanager", "prometheus", "inbox", "simulator"]) {
      expect(await inside(service, "ls -d /credentials /secrets 2>/dev/null || true"), service).toBe("");
    }
    if (!project.leftOut.includes("grafana")) {
      expect(await files("grafana", "/credentials")).toEqual(["/credentials/admin-password"]);
    }
  });

  test("makes an admin token, without which every request is refused and which the command line in the container has", async () => {
    const path = "/api/v1/admin/rate-limit";
    expect((await fetch(`${orchestrator.url}${path}`)).status).toBe(401);
    const answer = await inside("orchestrator", `node orchestrator/src/cli.ts request GET ${path}`);
    expect(JSON.parse(answer)).toMatchObject({ enabled: false });
  });

  test.each(COMMANDS)(
    "$id of the runbook of $alert runs as printed, after the preamble",
    async ({ alert, command, looks }) => {
      const text = `${PREAMBLES.compose}\n${commandText(command, "compose")}`;
      // What an operator's command must show does not depend on the alert; what a look must show while it is on does.
      const shows = looks ? command.healthy : command.firing;
      const run = async () => {
        const { stdout, stderr } = await project.shell(text, LABELS);
        expect(`${stdout}${stderr}`).not.toMatch(REFUSED);
        // Nothing is unaccounted for: the service says so, and has let the operator in.
        if (command.id === "write-off") expect(JSON.parse(stdout)).toMatchObject({ status: 409 });
        else if (shows !== undefined && !outputShows(stdout, shows)) {
          throw new Error(`${alert} ${command.id} must show ${JSON.stringify(shows)}: ${stdout}${stderr}`);
        }
      };
      const options = { timeoutMs: SHOWN_WITHIN_MS, intervalMs: 1_000 };
      await (looks ? until(`what ${command.id} must show`, options, run) : run());
      if (command.id === "restart" || command.id === "start") {
        await project.up("--no-recreate");
        await connect();
      }
    },
    TIMEOUT_MS,
  );

  // The console names what is left out; nothing can be asked of a service without an image.
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
