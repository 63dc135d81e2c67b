import { writeFileSync } from "node:fs";
import type { SlackReceiver } from "@mcp-orchestrator/alertmanager";
import { generatedYaml, PRODUCTION, type RuleGroup, ruleFile } from "@mcp-orchestrator/alerts";
import { Redis } from "ioredis";
import { loadOf, type RoundContext, type RoundFault } from "../../drill/episodes/faultRounds.ts";
import { Ledger } from "../../services/load/ledger.ts";
import { Load } from "../../services/load/load.ts";
import { ServiceApi } from "../../services/load/serviceApi.ts";
import type { ComposeProject } from "../../stack/compose/project.ts";
import { requestJson } from "../../testkit/http.ts";
import { AlertmanagerClient, type PostedAlert } from "../../testkit/servers/alertmanagerClient.ts";
import { PrometheusClient } from "../../testkit/servers/prometheusClient.ts";
import { until } from "../../testkit/until.ts";

/** A round on a compose project; disposing of it stops its load. */
type ComposeRound = RoundContext & AsyncDisposable & { readonly ledger: Ledger };

/** Connects to a compose project as its operator, and starts the load of a round. */
export async function startRound(project: ComposeProject, faults: readonly RoundFault[]): Promise<ComposeRound> {
  const parts = new AsyncDisposableStack();
  const ended = new AbortController();
  const read = (service: string, name: string) => project.compose("exec", "-T", service, "cat", `/credentials/${name}`);
  const token = await read("orchestrator", "admin-token");
  const api = parts.use(new ServiceApi(await project.url("orchestrator", 8000), { token }));
  const admin = new Redis((await project.url("redis", 6379)).replace("http:", "redis:"), {
    username: "operator",
    password: await read("redis", "operator-password"),
  });
  parts.defer(() => admin.disconnect());
  const ledger = new Ledger();
  const load = parts.use(new Load({ api, ledger, idPrefix: `round-${Date.now()}` }));
  parts.defer(() => ended.abort());
  load.run(loadOf(faults));
  const alertmanager = new ComposeAlertmanager(project, await project.url("alertmanager", 9093), ended.signal);
  const control = `${await project.url("simulator", 8091)}/control`;
  return {
    ...{ profile: PRODUCTION, api, load, ledger, admin, aclUser: "orchestrator", signal: ended.signal },
    service: {
      stop: async () => void (await project.compose("stop", "orchestrator")),
      start: async () => void (await project.compose("start", "orchestrator")),
      lowerPriority: async () => {},
    },
    signalWorker: async (pid, name) => {
      const kill = `kill -${name.replace("SIG", "")} ${pid} || true`;
      await project.compose("exec", "-T", "orchestrator", "sh", "-c", kill);
    },
    hang: async () => {
      const [{ pid } = {}] = await api.workers();
      const stop = `kill -STOP "$(sed -n 's/^PPid:\\t//p' /proc/${pid}/status)"`;
      await project.compose("exec", "-T", "orchestrator", "sh", "-c", stop);
    },
    upstreams: async (change) => void (await requestJson(control, { method: "PUT", json: change })),
    redis: {
      server: {
        exec: async (command) => {
          const stdout = await project.compose("exec", "-T", "redis", ...command);
          return { exitCode: 0, stdout, stderr: "" };
        },
      },
    },
    alertmanager,
    prometheus: new ComposePrometheus(await project.url("prometheus", 9090), project.rules),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** The first message to a receiver of warnings waits for a minute and a half. */
const FIRST_MESSAGE_MS = 150_000;
/** Alertmanager's counters are scraped once a minute. */
const SCRAPED_MS = 90_000;
const CONFIG = "/volumes/alertmanager/alertmanager.yml";

/** The Alertmanager of a compose project: its files are those that the container `setup` writes. */
class ComposeAlertmanager extends AlertmanagerClient {
  readonly #project: ComposeProject;
  readonly #signal: AbortSignal;

  constructor(project: ComposeProject, url: string, signal: AbortSignal) {
    super(url);
    this.#project = project;
    this.#signal = signal;
  }

  /** Posts alerts; of one that fires, waits until Prometheus has seen that its message failed. */
  override async post(alerts: readonly PostedAlert[]): Promise<void> {
    await super.post(alerts);
    if (alerts.some(({ endsAt = "" }) => Date.parse(endsAt) <= Date.now())) return;
    const prometheus = new PrometheusClient(await this.#project.url("prometheus", 9090));
    const options = { timeoutMs: FIRST_MESSAGE_MS + SCRAPED_MS, intervalMs: 1_000, signal: this.#signal };
    await until("a failed notification", options, async () => {
      const failed = await prometheus.query("sum(increase(alertmanager_notifications_failed_total[15m])) > 0");
      if (failed.length === 0) throw new Error("none in Prometheus");
    });
  }

  /** Sends the messages of a Slack receiver to another path of the inbox, or where they went before. */
  async setWebhook(receiver: SlackReceiver, path?: string): Promise<void> {
    const file = `${receiver}-url`;
    if (path === undefined) return this.#setup();
    const text = `http://inbox:8090${path}`;
    await this.#write(`/volumes/alertmanager/secrets/${file}`, text);
  }

  /** Gives it another configuration, or its own again. @throws HttpStatusError where it rejects that */
  async configure(config?: string): Promise<void> {
    await this.writeConfig(config);
    await this.reload();
  }

  /** The same, without loading it. */
  async writeConfig(config?: string): Promise<void> {
    if (config === undefined) await this.#setup();
    else await this.#write(CONFIG, config);
  }

  async #setup(): Promise<void> {
    await this.#project.compose("run", "--rm", "-T", "setup");
  }

  async #write(path: string, text: string): Promise<void> {
    await this.#project.compose("run", "--rm", "-T", "setup", "sh", "-c", 'printf %s "$1" >"$2"', "sh", text, path);
  }
}

/** The Prometheus of a compose project. */
class ComposePrometheus extends PrometheusClient {
  readonly #file: string;

  /** @param file the rule file that it reads */
  constructor(url: string, file: string) {
    super(url);
    this.#file = file;
  }

  /** Loads the rules that ship, and groups beside them. */
  async loadRules(added?: readonly RuleGroup[]): Promise<void> {
    await this.writeRules(added);
    await this.reload();
  }

  /** The same, without loading them. */
  async writeRules(added: readonly RuleGroup[] = []): Promise<void> {
    writeFileSync(this.#file, generatedYaml({ groups: [...ruleFile(PRODUCTION).groups, ...added] }));
  }
}
