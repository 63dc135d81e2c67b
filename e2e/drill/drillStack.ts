import type { TimingProfile } from "@mcp-orchestrator/alerts";
import { Redis } from "ioredis";
import { BUILT_IN_TYPES } from "mcp-orchestrator/contract";
import { Ledger } from "../services/load/ledger.ts";
import { Load } from "../services/load/load.ts";
import { ServiceApi } from "../services/load/serviceApi.ts";
import { REDIS_USERS } from "../stack/servers/redis.ts";
import { freePorts, type Stack, startStack } from "../stack/stack.ts";
import { freePort } from "../testkit/ports.ts";
import type { Runtime } from "../testkit/servers/runtime.ts";
import { until } from "../testkit/until.ts";
import { type ScrapeGate, startScrapeGate } from "./faults/index.ts";
import { startUnitManager, type UnitManager } from "./runbooks/unitManager.ts";
import { serviceEnvironment } from "./serviceEnvironment.ts";

/** A whole stack, and everything that a drill does to it. */
export type DrillStack = AsyncDisposable & {
  readonly stack: Stack;
  readonly profile: TimingProfile;
  readonly api: ServiceApi;
  /** A connection to Redis that may do everything. */
  readonly admin: Redis;
  /** In whose hands the service is while runbooks are followed. */
  readonly units: UnitManager;
  /** One per replica. */
  readonly gates: readonly ScrapeGate[];
};

export type DrillStackOptions = {
  readonly name: string;
  readonly profile: TimingProfile;
  readonly replicas: number;
  readonly runtime: Runtime;
  /** Called once its first tasks are done and it only waits for Prometheus to find its targets. */
  readonly onWarm?: () => void;
};

/**
 * Starts a stack for drills: a gate in front of each replica's metrics, an administrator's connection to Redis.
 *
 * @throws ServerStartError
 */
export async function startDrillStack(drillOptions: DrillStackOptions): Promise<DrillStack> {
  const { name, profile, replicas, runtime, onWarm = () => {} } = drillOptions;
  const parts = new AsyncDisposableStack();
  try {
    const ports = await freePorts(replicas);
    const gates: ScrapeGate[] = [];
    for (const target of ports.orchestrators) {
      gates.push(parts.use(await startScrapeGate(await freePort(), target)));
    }
    const settings = serviceEnvironment(profile);
    const scrapePorts = gates.map(({ port }) => port);
    // Runbooks use `redis-cli` as it is on the host of Redis: without a user.
    const options = { name, profile, runtime, ports, scrapePorts, settings, openRedis: true };
    const stack = parts.use(await startStack({ ...options, warmUp: (url) => warmUp(url).then(onWarm) }));
    const units = parts.use(await startUnitManager(stack.folder.data("units"), stack.orchestrator.server));
    const admin = new Redis(stack.redis.url, {
      username: REDIS_USERS.admin,
      password: stack.redis.passwords.admin,
      maxRetriesPerRequest: 1,
    });
    parts.defer(() => admin.disconnect());
    const api = parts.use(new ServiceApi(stack.orchestrator.url));
    return { stack, profile, api, admin, units, gates, [Symbol.asyncDispose]: () => parts.disposeAsync() };
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}

const WARM_UP_ROUNDS = 3;
const WARM_UP_TASKS = 8;
const WARM_UP_MS = 20_000;

/**
 * Runs some tasks of every type: the first ones of a process take longer, and that is not what a drill is about. Regular
 * ones, which the same workers run, since a slow express task would be in a window of production length for minutes.
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
