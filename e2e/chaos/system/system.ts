import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Simulator, startSimulator } from "../../services/simulator/index.ts";
import { Link } from "../../testkit/network/link.ts";
import { freePort } from "../../testkit/ports.ts";
import { TestFolder } from "../../testkit/process/folder.ts";
import { unlessAborted } from "../../testkit/unlessAborted.ts";
import { REPLICAS, type ReplicaIndex, type Schedule } from "../schedule.ts";
import { environmentOf } from "../service/config.ts";
import { PREFIX, RedisSetup } from "./redisSetup.ts";
import { ServiceReplica } from "./serviceReplica.ts";

const HANDLERS = fileURLToPath(new URL("../service/handlers.ts", import.meta.url));
const CLOCK = new URL("../service/clock.ts", import.meta.url).href;
const ADMIN_TOKEN = "chaos-admin-token";

/** Slots of one worker: the most tasks that its death interrupts. */
export const CONCURRENCY = 4;

/** The service's intervals, scaled down: a minute in production is a second or two here. */
const SETTINGS: Readonly<Record<string, string>> = {
  HANDLERS,
  KEY_PREFIX: PREFIX,
  LOG_FILE: "",
  WORKERS_PER_TYPE: "1",
  WORKER_CONCURRENCY: String(CONCURRENCY),
  WORKER_NICE: "0",
  WORKER_MEMORY_LIMIT_BYTES: String(256 * 1024 ** 2),
  WORKER_RESTART_MIN_MS: "50",
  WORKER_RESTART_MAX_MS: "500",
  WORKER_UNRESPONSIVE_MS: "2500",
  HEARTBEAT_INTERVAL_MS: "200",
  SHUTDOWN_TIMEOUT_MS: "2000",
  REDIS_CONNECT_TIMEOUT_MS: "1000",
  REDIS_COMMAND_TIMEOUT_MS: "1000",
  BLOCK_MS: "400",
  TASK_TIMEOUT_MS: "1800",
  TASK_ABORT_GRACE_MS: "400",
  MAX_ATTEMPTS: "8",
  RETRY_BASE_MS: "200",
  RETRY_CAP_MS: "1000",
  TASK_OVERRIDES: JSON.stringify({ codegen: { maxAttempts: 4 } }),
  DELIVERY_LIMIT: "3",
  ORPHAN_RECOVERY_INTERVAL_MS: "500",
  ORPHAN_MIN_IDLE_MS: "2000",
  LEASE_INTERVAL_MS: "400",
  ACK_BACKOFF_MS: "50",
  PROMOTE_INTERVAL_MS: "500",
  JANITOR_INTERVAL_MS: "2000",
  UPSTREAM_TIMEOUT_MS: "600",
  UPSTREAM_BREAKER_WINDOW_MS: "2000",
  UPSTREAM_BREAKER_RESET_MS: "400",
  UPSTREAM_CACHE_MAX_AGE_MS: "0",
};

/** The whole system of one run: two replicas of the real service, a real Redis, and simulated upstreams. */
export class System implements AsyncDisposable {
  readonly redis: RedisSetup;
  readonly replicas: readonly ServiceReplica[];
  readonly simulator: Simulator;
  /** The links of both replicas to the upstreams. */
  readonly upstreamLinks: { readonly chat: Link; readonly market: Link };
  readonly executionLog: string;
  readonly kind: Pick<Schedule, "topology" | "named">;
  readonly #folder: TestFolder;
  readonly #parts: AsyncDisposableStack;
  readonly #beganAtMs: number;
  #startMs: number | undefined;
  #runs = 0;

  private constructor(
    of: Pick<System, "redis" | "replicas" | "simulator" | "upstreamLinks" | "executionLog" | "kind">,
    folder: TestFolder,
    parts: AsyncDisposableStack,
    beganAtMs: number,
  ) {
    this.redis = of.redis;
    this.replicas = of.replicas;
    this.simulator = of.simulator;
    this.upstreamLinks = of.upstreamLinks;
    this.executionLog = of.executionLog;
    this.kind = of.kind;
    this.#folder = folder;
    this.#parts = parts;
    this.#beganAtMs = beganAtMs;
  }

  /** Folder of the service's logs. */
  get logs(): string {
    return this.#folder.logs;
  }

  /** How long the start of the whole system took on this machine. */
  get startMs(): number {
    return this.#startMs ?? performance.now() - this.#beganAtMs;
  }

  /** Notes that the system is at rest for the first time. */
  started(): void {
    this.#startMs ??= performance.now() - this.#beganAtMs;
  }

  /**
   * Starts everything, and waits until both replicas answer.
   *
   * @param stretch factor of all intervals
   * @param logs folder for the logs of the replicas
   * @param signal ends the start early
   */
  static async start(
    { topology, named }: Pick<Schedule, "topology" | "named">,
    stretch: number,
    logs: string,
    signal: AbortSignal,
  ): Promise<System> {
    const beganAtMs = performance.now();
    // Disposed of in reverse order: the service before its dependencies.
    await using parts = new AsyncDisposableStack();
    const folder = parts.use(new TestFolder("chaos", logs));
    const executionLog = join(folder.path, "executions");
    const adminToken = join(folder.path, "admin-token");
    writeFileSync(executionLog, "");
    writeFileSync(adminToken, ADMIN_TOKEN);
    const simulator = parts.use(await startSimulator({ port: 0 }));
    const upstreamLinks = {
      chat: parts.use(await Link.open(simulator.port)),
      market: parts.use(await Link.open(simulator.port)),
    };
    const redis = parts.use(await RedisSetup.start(topology, signal));
    const replicas: ServiceReplica[] = [];
    for (const index of REPLICAS) {
      writeFileSync(clockFile(folder, index), "0");
      const environment = {
        ...settings(stretch),
        ...redis.settings(index),
        ...(named ? { INSTANCE_ID: `replica${index}` } : {}),
        ADMIN_TOKEN_FILE: adminToken,
        CHAT_BASE_URL: `http://127.0.0.1:${upstreamLinks.chat.port}`,
        MARKET_BASE_URL: `http://127.0.0.1:${upstreamLinks.market.port}`,
        ...environmentOf({ executionLog, stretch, clockFile: clockFile(folder, index) }),
        NODE_OPTIONS: `--import=${CLOCK}`,
      };
      replicas.push(parts.use(new ServiceReplica(`replica-${index}`, await freePort(), environment, folder)));
    }
    await unlessAborted(signal, Promise.all(replicas.map((replica) => replica.start())));
    const kind = { topology, named };
    return new System(
      { redis, replicas, simulator, upstreamLinks, executionLog, kind },
      folder,
      parts.move(),
      beganAtMs,
    );
  }

  /** A name for the next run on this system, which no task id has used. */
  nextRun(): string {
    this.#runs += 1;
    return `run${this.#runs}`;
  }

  replica(index: ReplicaIndex): ServiceReplica {
    return this.replicas[index] as ServiceReplica;
  }

  /** Shifts the wall clock of a replica's processes. */
  setClock(index: ReplicaIndex, offsetMs: number): void {
    writeFileSync(clockFile(this.#folder, index), String(offsetMs));
  }

  /** Headers of an administrator. */
  get adminHeaders(): Record<string, string> {
    return { authorization: `Bearer ${ADMIN_TOKEN}` };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}

function settings(stretch: number): Record<string, string> {
  return Object.fromEntries(
    Object.entries(SETTINGS).map(([name, value]) => [
      name,
      name.endsWith("_MS") ? String(Math.round(Number(value) * stretch)) : value,
    ]),
  );
}

function clockFile(folder: TestFolder, index: ReplicaIndex): string {
  return join(folder.path, `clock-${index}`);
}
