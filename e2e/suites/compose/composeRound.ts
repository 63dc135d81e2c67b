import { writeFileSync } from "node:fs";
import type { SlackReceiver } from "@mcp-orchestrator/alertmanager";
import {
  type AlertName,
  BUNDLE,
  CONTEXT,
  commandText,
  generatedYaml,
  minutes,
  PRODUCTION,
  parseDuration,
  type RuleGroup,
  ruleFile,
  withOutput,
} from "@mcp-orchestrator/alerts";
import { Redis } from "ioredis";
import type { Scenario } from "../../drill/episodes/scenario.ts";
import { SCENARIOS } from "../../drill/episodes/scenarios.ts";
import {
  type ActiveFault,
  type AlertmanagerFaultContext,
  type DrilledFaultId,
  FAULT_INJECTIONS,
  type RulesFaultContext,
} from "../../drill/faults/index.ts";
import { longestRangeMs, planFor, type RunbookCommand } from "../../drill/runbooks/plan.ts";
import type { InstanceOf, RunbookRunner } from "../../drill/runbooks/runbookRunner.ts";
import { Ledger } from "../../services/load/ledger.ts";
import { Load, type LoadPlan } from "../../services/load/load.ts";
import { CHAT_TYPES, everyType } from "../../services/load/rates.ts";
import { ServiceApi } from "../../services/load/serviceApi.ts";
import type { ComposeProject } from "../../stack/compose/project.ts";
import { requestJson } from "../../testkit/http.ts";
import { AlertmanagerClient, type PostedAlert } from "../../testkit/servers/alertmanagerClient.ts";
import { PrometheusClient } from "../../testkit/servers/prometheusClient.ts";
import { until } from "../../testkit/until.ts";

/**
 * Faults by hand that do not hide each other, so that they can be there at the same time: a fault needs a scrape or two
 * to be seen, and so do many at once. The type leaves out those that only the drill's stack can have.
 */
export const ROUNDS = [
  [
    "lose-an-entry",
    "stall-upstream-small-backlog",
    "stall-upstream-flood",
    "very-slow-upstream",
    "fill-redis",
    "flap-ack",
  ],
  ["failing-upstream", "pause-with-an-old-task", "kill-workers-of-a-type", "leave-bypass-on", "fail-snapshots"],
  ["slow-upstream", "kill-workers", "refuse-redis-state"],
  ["revoke-ack", "refuse-promotion", "hang-a-worker"],
  ["scale-type-to-zero", "refuse-submissions", "starve-workers"],
  ["refuse-submissions-of-a-lane"],
  ["stop-service"],
  // Prometheus sees the others while the message of the last waits.
  ["break-a-rule", "break-alertmanager-configuration", "revoke-webhook"],
] as const satisfies readonly (readonly DrilledFaultId[])[];

/** Each recorded series with its expression, and how often it is evaluated. */
const RECORDED = ruleFile(PRODUCTION).groups.flatMap(({ interval, rules }) =>
  rules.flatMap((rule) => ("record" in rule ? [{ ...rule, everyMs: parseDuration(interval) }] : [])),
);

/** Whether a query, or a recorded series that it reads, has a range: it shows a fault for a while after its end. */
export function remembers(text: string, recorded = RECORDED): boolean {
  const others = (own: string) => recorded.filter(({ record }) => record !== own);
  return (
    longestRangeMs(text) > 0 ||
    recorded.some(({ record, expr }) => text.includes(record) && remembers(expr, others(record)))
  );
}

/**
 * The command as a round checks it: only run where its query reads what is evaluated in minutes. That a target is down is
 * seen only until Prometheus' next look at the DNS, which has no name for a stopped container.
 */
function inRound({ alert, command }: RunbookCommand): RunbookCommand {
  const text = commandText(command, "compose");
  const isSeldom = RECORDED.some(({ record, everyMs }) => text.includes(record) && everyMs >= minutes(1));
  return isSeldom || alert === "OrchestratorTargetDown" ? withoutClaim({ alert, command }) : { alert, command };
}

/** The command is only run. */
function withoutClaim({ alert, command }: RunbookCommand): RunbookCommand {
  return { alert, command: withOutput(command, CONTEXT) };
}

type RoundFault = (typeof ROUNDS)[number][number];

/** The faults in no round, and why. Runbooks of some are opened under another fault. */
export const LEFT_OUT = {
  "slow-calls": "A share of slow calls is seen after hours.",
  "failing-calls": "The same.",
  "flap-service": "Only the drill has something between Prometheus and the service.",
  "hide-a-replica": "It takes a second replica, and another configuration of Prometheus.",
} as const satisfies Readonly<Record<Exclude<DrilledFaultId, RoundFault>, string>>;

/** Runbooks of those, by a fault of a round that resembles theirs. Their commands run, and claim nothing about it. */
const OPENED_TOO: Partial<Record<RoundFault, readonly AlertName[]>> = {
  "very-slow-upstream": ["ExpressBudgetBurnsSlowly"],
  "failing-upstream": ["SuccessBudgetBurnsSlowly"],
  "stop-service": ["ServiceUnstable", "ReplicasMissing"],
};

/** Tasks per second that a round works with; its faults add market tasks, except the one that refuses those of clients. */
function loadOf(faults: readonly RoundFault[]): LoadPlan {
  const needsMarket = faults.includes("refuse-submissions-of-a-lane");
  return { express: everyType(0.5, CHAT_TYPES), regular: everyType(0.5, needsMarket ? undefined : CHAT_TYPES) };
}

/** What a round has of the stack; disposing of it stops its load. */
export type RoundContext = AlertmanagerFaultContext & RulesFaultContext & AsyncDisposable & { readonly ledger: Ledger };

/** Connects to a compose project as its operator, and starts the load of a round. */
export async function startRound(project: ComposeProject, faults: readonly RoundFault[]): Promise<RoundContext> {
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
    if (config === undefined) await this.#setup();
    else await this.#write(CONFIG, config);
    await this.reload();
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
  async loadRules(added: readonly RuleGroup[] = []): Promise<void> {
    writeFileSync(this.#file, generatedYaml({ groups: [...ruleFile(PRODUCTION).groups, ...added] }));
    await this.reload();
  }
}

/**
 * Injects the faults of a round, runs the commands of the runbooks of their alerts, also those for other causes, removes
 * the faults that their runbook does not fix, and runs the commands that fix the others.
 *
 * @returns the commands that looked
 * @throws with what a command showed instead of what it must
 */
export async function runRound(
  faults: readonly RoundFault[],
  context: RoundContext,
  runner: RunbookRunner,
): Promise<readonly RunbookCommand[]> {
  const scenarios = SCENARIOS.filter(({ fault }) => (faults as readonly string[]).includes(fault));
  const opens = ({ alert, runbooks = [alert] }: Scenario): readonly AlertName[] => runbooks;
  // Of the fault of this alert: others that make it fire too may do so elsewhere.
  const instanceOf: InstanceOf = (name) =>
    scenarios.find((scenario) => opens(scenario).includes(name as AlertName))?.expectation[name as AlertName]
      ?.instances[0] ?? {};
  const plans = faults.map((fault) => {
    const own = scenarios.filter((scenario) => scenario.fault === fault);
    const alerts = new Set(own.flatMap(opens));
    return {
      ...planFor(fault, [...alerts], BUNDLE.expectedReplicas),
      openedToo: planFor(fault, OPENED_TOO[fault] ?? [], BUNDLE.expectedReplicas),
      fault,
      fixedByRunbook: own.some(({ fixedByRunbook }) => fixedByRunbook),
    };
  });
  const diagnosis = plans.flatMap((plan) => plan.diagnosis.map(inRound));
  const others = plans.flatMap(({ openedToo, otherCauses }) => [
    ...openedToo.diagnosis.map(withoutClaim),
    ...[...otherCauses, ...openedToo.otherCauses].map((one) => (one.command.changes ? one : withoutClaim(one))),
  ]);
  const active = new Map<RoundFault, ActiveFault>();
  try {
    for (const fault of faults) active.set(fault, await FAULT_INJECTIONS[fault](context));
    await runner.diagnose(diagnosis, instanceOf);
    const once = new Map(others.map((one) => [commandText(one.command, "compose"), one]));
    await runner.mitigate([...once.values()], instanceOf);
    for (const { fault, fixedByRunbook } of plans) if (!fixedByRunbook) await active.get(fault)?.remove();
    for (const { mitigation } of plans) await runner.mitigate(mitigation, instanceOf);
  } catch (error) {
    for (const one of active.values()) await one.remove();
    throw error;
  }
  return diagnosis;
}
