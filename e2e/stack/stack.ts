import { randomBytes } from "node:crypto";
import {
  type Bundle,
  buildCatalogue,
  drillProfile,
  type TimingProfile,
  withoutObjectives,
} from "@mcp-orchestrator/alerts";
import { aclRules } from "mcp-orchestrator/permissions";
import { type Inbox, startInbox } from "../services/inbox/server.ts";
import { type SimulatorProcess, startSimulatorProcess } from "../services/simulator/process.ts";
import { freePort } from "../testkit/ports.ts";
import type { Runtime } from "../testkit/servers/runtime.ts";
import { STACK_BUNDLE } from "./installation.ts";
import { RunFolder } from "./runFolder.ts";
import { chooseRuntime } from "./runtime/choose.ts";
import { type AlertmanagerServer, startAlertmanager } from "./servers/alertmanager.ts";
import { type OrchestratorServer, startOrchestrator } from "./servers/orchestrator.ts";
import { type PrometheusServer, startPrometheus } from "./servers/prometheus.ts";
import { type RedisServer, startRedis } from "./servers/redis.ts";

export type StackPorts = Readonly<
  Record<"redis" | "prometheus" | "alertmanager" | "inbox" | "simulator", number> & { orchestrators: readonly number[] }
>;

export type StackOptions = {
  /** Part of the log folder's name. */
  readonly name: string;
  /** The drill's by default. */
  readonly profile?: TimingProfile;
  /** The installation; the first of `bundle.config.ts` by default. */
  readonly bundle?: Bundle;
  /** Number of orchestrators; 1 by default. */
  readonly replicas?: number;
  /** Settings of the orchestrators by their environment names. */
  readonly settings?: Readonly<Record<string, string>>;
  /** More lines of `redis.conf`. */
  readonly redisConfig?: readonly string[];
  /** Admits `redis-cli` without a user; off by default. */
  readonly openRedis?: boolean;
  /** By default the one that is available, or E2E_RUNTIME. */
  readonly runtime?: Runtime;
  /** Free ones by default. */
  readonly ports?: StackPorts;
  /**
   * When the rules are loaded: right before the first scrape (the default), after it, or by the caller, who need not
   * wait for it.
   */
  readonly rules?: "before-first-scrape" | "after-first-scrape" | "by-caller";
  /** Port of the dashboard preview, for the links of the alerts. */
  readonly dashboardsPort?: number;
  /**
   * Loads the alerts on objectives. Their windows take minutes to empty at the scale of seconds, so that they would fire in
   * whatever comes later: by default they are loaded at production timing only.
   */
  readonly objectives?: boolean;
  /** Prometheus scrapes itself and Alertmanager too, for the dashboard about alerting. */
  readonly watchesAlerting?: true;
  /** Ports that Prometheus scrapes in place of the orchestrators', such as gates. */
  readonly scrapePorts?: readonly number[];
  /** Called with the first orchestrator when all serve; runs while Prometheus looks for its targets. */
  readonly warmUp?: (orchestratorUrl: string) => Promise<void>;
  /** Called as each part serves. */
  readonly onReady?: (part: string, url: string) => void;
};

/** All servers of a stack. Disposing of it leaves nothing behind. */
export type Stack = AsyncDisposable & {
  readonly runtime: Runtime;
  readonly profile: TimingProfile;
  readonly ports: StackPorts;
  readonly folder: RunFolder;
  readonly inbox: Inbox;
  readonly simulator: SimulatorProcess;
  readonly redis: RedisServer;
  readonly orchestrators: readonly OrchestratorServer[];
  /** The first of them. */
  readonly orchestrator: OrchestratorServer;
  readonly prometheus: PrometheusServer;
  readonly alertmanager: AlertmanagerServer;
  /** Folder of the logs. It is removed with the stack unless `keepLogs` was called or the start failed. */
  readonly logs: string;
  keepLogs(): void;
};

/** Prefix of the service's keys. */
export const KEY_PREFIX = "mcp";

/**
 * Starts inbox, upstream simulator, Redis, orchestrators, Prometheus and Alertmanager, and waits until all of them
 * serve.
 *
 * @throws ServerStartError with the end of the log; NoRuntimeError
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { name, profile = drillProfile(), settings = {}, onReady = () => {} } = options;
  const runtime = options.runtime ?? (await chooseRuntime());
  const ports = options.ports ?? (await freePorts(options.replicas ?? 1));
  const { bundle = STACK_BUNDLE, dashboardsPort, objectives = profile.factor === 1 } = options;
  const links = dashboardsPort === undefined ? bundle.links : linksOf(ports, dashboardsPort);
  const replicas = ports.orchestrators.length;
  const catalogue = buildCatalogue({ ...bundle, links, expectedReplicas: replicas });
  // Stopped in reverse order; the folder is removed last.
  const parts = new AsyncDisposableStack();
  const folder = parts.use(new RunFolder(name));
  const start = async <T extends AsyncDisposable>(part: string, url: string, starting: Promise<T>): Promise<T> => {
    const started = parts.use(await starting);
    onReady(part, url);
    return started;
  };
  const local = (port: number) => `http://127.0.0.1:${port}`;
  const fromServers = (port: number) => `${runtime.hostAddress}:${port}`;
  try {
    const [prometheus, alertmanager, redis, inbox] = await allOrNone([
      start(
        "Prometheus",
        local(ports.prometheus),
        startPrometheus(runtime, folder, {
          port: ports.prometheus,
          profile,
          targets: (options.scrapePorts ?? ports.orchestrators).map(fromServers),
          alertmanager: fromServers(ports.alertmanager),
          ...(options.watchesAlerting ? { itself: fromServers(ports.prometheus) } : {}),
          source: objectives ? catalogue : withoutObjectives(catalogue),
        }),
      ),
      start(
        "Alertmanager",
        local(ports.alertmanager),
        startAlertmanager(runtime, folder, {
          port: ports.alertmanager,
          profile,
          inbox: `http://${fromServers(ports.inbox)}`,
          routingKey: randomBytes(16).toString("hex"),
          bundle,
        }),
      ),
      start(
        "Redis",
        `redis://127.0.0.1:${ports.redis}`,
        startRedis(runtime, folder, {
          port: ports.redis,
          serviceRules: aclRules(KEY_PREFIX),
          open: options.openRedis ?? false,
          config: options.redisConfig ?? [],
        }),
      ),
      start("inbox", local(ports.inbox), startInbox({ port: ports.inbox })),
    ]);
    const upstream = local(ports.simulator);
    const [simulator, ...orchestrators] = await allOrNone([
      start("upstream simulator", upstream, startSimulatorProcess({ folder, port: ports.simulator })),
      ...ports.orchestrators.map((port, index) =>
        start(
          replicas > 1 ? `orchestrator ${index}` : "orchestrator",
          local(port),
          startOrchestrator(folder, {
            index,
            replicas,
            port,
            redis,
            upstream,
            settings: { KEY_PREFIX, ...settings },
          }),
        ),
      ),
    ]);
    // It ends first: tasks that it holds would delay the end of the orchestrators.
    parts.use(simulator);
    const [orchestrator] = orchestrators;
    if (orchestrator === undefined) throw new RangeError("A stack needs at least one orchestrator");
    await allOrNone([startRules(prometheus, options.rules), options.warmUp?.(orchestrator.url) ?? Promise.resolve()]);
    return {
      ...{
        runtime,
        profile,
        ports,
        folder,
        inbox,
        simulator,
        redis,
        orchestrators,
        orchestrator,
        prometheus,
        alertmanager,
      },
      logs: folder.logs,
      keepLogs: () => folder.keepLogs(),
      [Symbol.asyncDispose]: () => parts.disposeAsync(),
    };
  } catch (error) {
    folder.keepLogs();
    await parts.disposeAsync();
    throw error;
  }
}

async function startRules(prometheus: PrometheusServer, when: StackOptions["rules"]): Promise<void> {
  if (when === "by-caller") return;
  await (when === "after-first-scrape" ? prometheus.startRulesWhenScraped() : prometheus.startRules());
}

/** The links of alerts and panels, if everything runs on this machine. */
export function linksOf(ports: StackPorts, dashboardsPort: number) {
  const local = (port: number) => `http://127.0.0.1:${port}`;
  return {
    runbooks: `${local(ports.inbox)}/runbooks`,
    dashboards: local(dashboardsPort),
    alertmanager: local(ports.alertmanager),
    prometheus: local(ports.prometheus),
    service: local(ports.orchestrators[0] ?? 0),
  };
}

/** Free ports for all servers. */
export async function freePorts(replicas: number): Promise<StackPorts> {
  const orchestrators: number[] = [];
  while (orchestrators.length < replicas) orchestrators.push(await freePort());
  return {
    redis: await freePort(),
    prometheus: await freePort(),
    alertmanager: await freePort(),
    inbox: await freePort(),
    simulator: await freePort(),
    orchestrators,
  };
}

/** `Promise.all` that waits for all even if one fails, so that they can be cleaned up. */
async function allOrNone<T extends readonly unknown[]>(
  promises: readonly [...{ [K in keyof T]: Promise<T[K]> }],
): Promise<T> {
  const settled = await Promise.allSettled(promises);
  for (const result of settled) if (result.status === "rejected") throw result.reason;
  return (await Promise.all(promises)) as unknown as T;
}
