import { randomBytes } from "node:crypto";
import { drillProfile, type TimingProfile } from "@mcp-orchestrator/alerts";
import { aclRules } from "mcp-orchestrator/permissions";
import { type Inbox, startInbox } from "../services/inbox/server.ts";
import { type SimulatorProcess, startSimulatorProcess } from "../services/simulator/process.ts";
import { freePort } from "../testkit/ports.ts";
import type { Runtime } from "../testkit/servers/runtime.ts";
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
  /** Names the folder of the logs. */
  readonly name: string;
  /** Drill timing unless given. */
  readonly profile?: TimingProfile;
  /** How many orchestrators; 1 unless given. */
  readonly replicas?: number;
  /** Settings of the orchestrators by their environment names. */
  readonly settings?: Readonly<Record<string, string>>;
  /** More lines of `redis.conf`. */
  readonly redisConfig?: readonly string[];
  /** Lets `redis-cli` in without a user; off unless given. */
  readonly openRedis?: boolean;
  /** Chosen automatically, or by E2E_RUNTIME, unless given. */
  readonly runtime?: Runtime;
  /** Free ones unless given. */
  readonly ports?: StackPorts;
  /** Loads the rules before the first scrape, and so without waiting for it: no harm at production timing. */
  readonly rulesAtOnce?: boolean;
  /** Ports that Prometheus scrapes in place of the orchestrators' own: something stands between them. */
  readonly scrapePorts?: readonly number[];
  /** Is given the first orchestrator once all serve, and runs while Prometheus looks for its targets. */
  readonly warmUp?: (orchestratorUrl: string) => Promise<void>;
  /** Called as each part serves. */
  readonly onReady?: (part: string, url: string) => void;
};

/** Everything that runs together; disposing of it leaves nothing behind. */
export type Stack = AsyncDisposable & {
  readonly runtime: Runtime;
  readonly profile: TimingProfile;
  readonly folder: RunFolder;
  readonly inbox: Inbox;
  readonly simulator: SimulatorProcess;
  readonly redis: RedisServer;
  readonly orchestrators: readonly OrchestratorServer[];
  /** The first of them. */
  readonly orchestrator: OrchestratorServer;
  readonly prometheus: PrometheusServer;
  readonly alertmanager: AlertmanagerServer;
  /** Where the logs are. They are removed with the stack unless `keepLogs` was called or it did not start. */
  readonly logs: string;
  keepLogs(): void;
};

/** What the keys of the service start with. */
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
  const replicas = ports.orchestrators.length;
  // What was started is stopped from the end; the folder goes last.
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
    // It ends first: tasks that it holds back would hold back the orchestrators.
    parts.use(simulator);
    const [orchestrator] = orchestrators;
    if (orchestrator === undefined) throw new RangeError("A stack needs at least one orchestrator");
    await allOrNone([
      options.rulesAtOnce ? prometheus.loadRules() : prometheus.startRules(),
      options.warmUp?.(orchestrator.url) ?? Promise.resolve(),
    ]);
    return {
      ...{ runtime, profile, folder, inbox, simulator, redis, orchestrators, orchestrator, prometheus, alertmanager },
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

/** A free port for everything. */
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

/** `Promise.all` that waits for the slow ones also when one has failed, so that they can be cleaned up. */
async function allOrNone<T extends readonly unknown[]>(
  promises: readonly [...{ [K in keyof T]: Promise<T[K]> }],
): Promise<T> {
  const settled = await Promise.allSettled(promises);
  for (const result of settled) if (result.status === "rejected") throw result.reason;
  return (await Promise.all(promises)) as unknown as T;
}
