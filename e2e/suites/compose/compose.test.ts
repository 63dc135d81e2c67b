import { alertmanagerFlags } from "@mcp-orchestrator/alertmanager";
import { ALERTS, PRODUCTION, prometheusFlags } from "@mcp-orchestrator/alerts";
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
      console.warn(`Left out, its image cannot be had here: ${project.leftOut.join(", ")}`);
    await project.up();
    orchestrator = new OrchestratorClient(await project.url("orchestrator", 8000));
    prometheus = new PrometheusClient(await project.url("prometheus", 9090));
  }, UP_TIMEOUT_MS);
  afterAll(() => project[Symbol.asyncDispose](), TIMEOUT_MS);

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

  test("lets nobody into Redis without a user, and no user further than its job", async () => {
    const anonymous = await project.compose(...REDIS_CLI, "GET", "mcp:controls");
    expect(anonymous).toContain("NOAUTH");
    const as = (user: string, password: string, ...command: string[]) =>
      project.compose(
        "exec",
        "-T",
        "redis",
        "sh",
        "-c",
        `redis-cli --no-auth-warning --user ${user} --pass "$(cat /credentials/${password})" ${command.join(" ")}`,
      );
    expect(await as("orchestrator", "redis-password", "PING")).toBe("PONG");
    expect(await as("orchestrator", "redis-password", "FLUSHALL")).toContain("NOPERM");
    expect(await as("orchestrator", "redis-password", "GET", "other:key")).toContain("NOPERM");
    expect(await as("metrics", "redis-metrics-password", "INFO", "memory")).toContain("used_memory");
    expect(await as("metrics", "redis-metrics-password", "XLEN", "mcp:queue:ml")).toContain("NOPERM");
    expect(await as("operator", "redis-operator-password", "XLEN", "mcp:queue:dlq")).toMatch(/^\d+$/);
  });

  // The console names what is left out; nothing can be asked of a service without an image.
  test(
    "Grafana, where its image can be had, has the dashboards, imports them and answers each panel's query",
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
      orchestrator = new OrchestratorClient(await project.url("orchestrator", 8000));
      prometheus = new PrometheusClient(await project.url("prometheus", 9090));
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
      await until("balanced books on every replica", { timeoutMs: TIMEOUT_MS, intervalMs: 1_000 }, async () => {
        expect(await prometheus.query("count(mcp_build_info)")).toMatchObject([{ value: 3 }]);
        expect(await prometheus.query("mcp_tasks_unaccounted != 0")).toEqual([]);
      });
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
