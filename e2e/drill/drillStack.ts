import { fileURLToPath } from "node:url";
import { BUNDLE, type TimingProfile } from "@mcp-orchestrator/alerts";
import { Redis } from "ioredis";
import { BUILT_IN_TYPES } from "mcp-orchestrator/contract";
import { Ledger } from "../services/load/ledger.ts";
import { Load } from "../services/load/load.ts";
import { ServiceApi } from "../services/load/serviceApi.ts";
import type { ControlUpdate } from "../services/simulator/index.ts";
import { INSTALLATION_VARIABLES } from "../stack/installation.ts";
import { REDIS_USERS } from "../stack/servers/redis.ts";
import { freePorts, linksOf, type Stack, type StackOptions, startStack } from "../stack/stack.ts";
import { freePort } from "../testkit/ports.ts";
import { signalPid } from "../testkit/process/signals.ts";
import type { Runtime } from "../testkit/servers/runtime.ts";
import { until } from "../testkit/until.ts";
import { type FaultContext, type ScrapeGate, startScrapeGate } from "./faults/index.ts";
import { DRILL_DEPLOYMENT } from "./runbooks/plan.ts";
import type { RunbookShell } from "./runbooks/runbookRunner.ts";
import { runInShell } from "./runbooks/shell.ts";
import { startUnitManager, type Unit, type UnitManager } from "./runbooks/unitManager.ts";
import { serviceEnvironment } from "./serviceEnvironment.ts";

/** Where the command line of the service is. */
const HOME = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** A whole stack with what the drill needs to break and observe it. */
export type DrillStack = AsyncDisposable & {
  readonly stack: Stack;
  readonly profile: TimingProfile;
  readonly api: ServiceApi;
  /** A connection to Redis with all permissions. */
  readonly admin: Redis;
  /** The service manager of the runbook commands. */
  readonly units: UnitManager;
  /** One per replica. */
  readonly gates: readonly ScrapeGate[];
};

export type DrillStackOptions = {
  readonly name: string;
  readonly profile: TimingProfile;
  readonly replicas: number;
  readonly runtime: Runtime;
  /** Settings of this stack that differ from those of a drill. */
  readonly extra?: Pick<
    StackOptions,
    "ports" | "settings" | "bundle" | "dashboardsPort" | "rules" | "watchesAlerting" | "objectives" | "onReady"
  >;
  /** Called when its first tasks are done and only the discovery of targets is left. */
  readonly onWarm?: () => void;
};

/**
 * Starts a stack for drills: a gate in front of each replica's metrics, an administrator's connection to Redis.
 *
 * @throws ServerStartError
 */
export async function startDrillStack(drillOptions: DrillStackOptions): Promise<DrillStack> {
  const { name, profile, replicas, runtime, extra = {}, onWarm = () => {} } = drillOptions;
  const parts = new AsyncDisposableStack();
  try {
    const ports = extra.ports ?? (await freePorts(replicas));
    const gates: ScrapeGate[] = [];
    for (const target of ports.orchestrators) {
      gates.push(parts.use(await startScrapeGate(await freePort(), target)));
    }
    const settings = { ...serviceEnvironment(profile), ...extra.settings };
    const scrapePorts = gates.map(({ port }) => port);
    // Runbooks use `redis-cli` without a user, as on the host of Redis.
    const own = { name, profile, runtime, ports, scrapePorts, settings };
    const options = { ...extra, ...own, openRedis: true, watchesAlerting: true } as const;
    const stack = parts.use(await startStack({ ...options, warmUp: (url) => warmUp(url).then(onWarm) }));
    const units = parts.use(await startUnitManager(stack.folder.data("units"), unitsOf(stack)));
    showRunbooks(stack, units, extra.dashboardsPort);
    const admin = new Redis(stack.redis.url, {
      username: REDIS_USERS.admin,
      password: stack.redis.passwords.admin,
      maxRetriesPerRequest: 1,
    });
    // A fault may take Redis down. A command that fails says so.
    admin.on("error", () => {});
    parts.defer(() => admin.disconnect());
    const api = parts.use(new ServiceApi(stack.orchestrator.url));
    return { stack, profile, api, admin, units, gates, [Symbol.asyncDispose]: () => parts.disposeAsync() };
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}

/** What a fault may touch. @param signal ends what the fault repeats */
export function faultContextOf(drill: DrillStack, load: Load, signal: AbortSignal): FaultContext {
  const { stack, profile, api, admin, gates } = drill;
  return {
    ...{ profile, api, load, admin, aclUser: REDIS_USERS.service, service: stack.orchestrator.server, gates, signal },
    signalWorker: signalPid,
    ...{ redis: stack.redis, prometheus: stack.prometheus, alertmanager: stack.alertmanager },
    upstreams: (change: ControlUpdate) => stack.simulator.control(change),
  };
}

/** What a host with Debian's packages has as units. */
export function unitsOf({ orchestrator, redis, prometheus, alertmanager }: Stack): Readonly<Record<string, Unit>> {
  const unit = ({ server }: { readonly server: Unit }, reload: () => Promise<void>): Unit => ({
    ...{ start: () => server.start(), stop: () => server.stop(), logFile: server.logFile, reload },
  });
  return {
    "mcp-orchestrator": orchestrator.server,
    "redis-server": redis.server,
    prometheus: unit(prometheus, () => prometheus.reload()),
    "prometheus-alertmanager": unit(alertmanager, () => alertmanager.reload()),
  };
}

/** Lets the inbox show the runbooks with the commands and the addresses of a stack. */
export function showRunbooks(stack: Stack, units: UnitManager, dashboardsPort?: number): void {
  stack.inbox.showRunbooksFor({
    deployment: DRILL_DEPLOYMENT,
    environment: { PATH: `${units.bin}:$PATH`, ...addressesOf(stack), ...units.environment },
    links: dashboardsPort === undefined ? BUNDLE.links : linksOf(stack.ports, dashboardsPort),
  });
}

/** Where and how the commands of runbooks are run for this stack. @param timeoutMs of a command; short if absent */
export function runbookShell({ stack, units }: DrillStack, timeoutMs?: number): RunbookShell {
  const environment = { PATH: `${units.bin}:${process.env.PATH}`, ...addressesOf(stack), ...units.environment };
  return {
    deployment: DRILL_DEPLOYMENT,
    run: (text, labels) => runInShell(text, { ...environment, ...labels }, timeoutMs),
  };
}

function addressesOf(stack: Stack): Record<string, string> {
  return {
    MCP_ORCHESTRATOR_URL: stack.orchestrator.url,
    MCP_ORCHESTRATOR_HOME: HOME,
    PROMETHEUS_URL: stack.prometheus.url,
    ALERTMANAGER_URL: stack.alertmanager.url,
    REDIS_URL: stack.redis.url,
    LOG_FILE: stack.orchestrator.logFile,
    ...INSTALLATION_VARIABLES,
  };
}

const WARM_UP_ROUNDS = 3;
const WARM_UP_TASKS = 8;
const WARM_UP_MS = 20_000;

/**
 * Runs some tasks of every type, because the first ones of a process are slow. They are regular ones: at production
 * length, a slow express task would stay in the window for minutes.
 */
async function warmUp(orchestratorUrl: string): Promise<void> {
  await using api = new ServiceApi(orchestratorUrl);
  const ledger = new Ledger();
  await using load = new Load({ api, ledger, idPrefix: `warm-up-${Date.now()}` });
  for (let round = 0; round < WARM_UP_ROUNDS; round += 1) {
    for (const type of BUILT_IN_TYPES) await load.burst(type, "regular", WARM_UP_TASKS);
    await until("the first tasks to end", { timeoutMs: WARM_UP_MS }, async () => {
      const open = await ledger.reconcile((taskId) => api.find(taskId));
      if (open.length > 0) throw new Error(`${open.length} tasks are open`);
    });
  }
}
