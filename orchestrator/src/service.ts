import { setTimeout as sleep } from "node:timers/promises";
import packageJson from "../package.json" with { type: "json" };
import { createServer } from "./api/server.ts";
import { replicaMemoryBytes } from "./config/memory.ts";
import type { Config } from "./config.ts";
import { messageOf } from "./errors.ts";
import { loadHandlers } from "./handlers/registry.ts";
import { logConnection } from "./health/connectionLog.ts";
import { Readiness } from "./health/readiness.ts";
import { SchemaGuard } from "./health/schemaGuard.ts";
import { selfCheck } from "./health/selfCheck.ts";
import { createKeys } from "./keys.ts";
import { createLog, type Log, type LogSink, secretsOf } from "./log.ts";
import { AckWindow } from "./metrics/ackWindow.ts";
import { DISCARD_REASONS } from "./metrics/contract.ts";
import { createGaugeReader } from "./metrics/gauges.ts";
import { createLayout } from "./metrics/layout.ts";
import { collectProcessMetrics } from "./metrics/processMetrics.ts";
import { createScraper } from "./metrics/scrape.ts";
import { ServiceMetrics } from "./metrics/serviceMetrics.ts";
import { noTelemetry } from "./metrics/telemetry.ts";
import { TaskAccounting } from "./queue/inspect/accounting.ts";
import { DeadLetters } from "./queue/inspect/deadLetters.ts";
import { TaskExplainer } from "./queue/inspect/explain.ts";
import { TaskLookup } from "./queue/inspect/lookup.ts";
import { readSnapshot } from "./queue/inspect/snapshot.ts";
import { unservedTypes, withoutEmptyQueues } from "./queue/inspect/unservedTypes.ts";
import { Deaths } from "./queue/recover/deaths.ts";
import { Janitor } from "./queue/recover/janitor.ts";
import { Leases } from "./queue/recover/leases.ts";
import { Presence } from "./queue/recover/presence.ts";
import { createIdentity } from "./queue/recover/processIdentity.ts";
import { Promoter } from "./queue/recover/promoter.ts";
import { Acceptances } from "./queue/submit/acceptances.ts";
import { MemoryGuard } from "./queue/submit/memoryGuard.ts";
import { Submission } from "./queue/submit/submission.ts";
import { Switches } from "./queue/switches.ts";
import { createRedis } from "./redis/connection.ts";
import { requiredCommands } from "./redis/permissions.ts";
import { connectionFailure } from "./redis/redisError.ts";
import { checkSchema } from "./redis/schema.ts";
import { HTTP_CLOSE_TIMEOUT_MS, LOOP_STOP_TIMEOUT_MS } from "./shutdown.ts";
import { Loop } from "./supervisor/loop.ts";
import { createLoops, createPromotion } from "./supervisor/maintenance.ts";
import { Supervisor } from "./supervisor/supervisor.ts";
import { WorkerProcess } from "./supervisor/workerProcess.ts";
import { createUpstreams } from "./upstream/upstreams.ts";
import { within } from "./within.ts";

/** The running service. */
export type Service = {
  /** Address of the API. */
  readonly url: string;
  /** Rejects with a SchemaError if this release does not support the data in Redis. The process must then end at once. */
  readonly failed: Promise<never>;
  /** Stops in order: reports not ready, rejects requests, drains the workers, closes connections. */
  stop(): Promise<void>;
};

/** How soon a loss of accepted tasks in Redis is detected. */
const RECONCILE_INTERVAL_MS = 2_000;

/**
 * Composition root of the main process. Resolves when the API listens, even if Redis is not available yet (see `/readyz`).
 *
 * @throws if a handler module cannot be loaded or the port is in use; SchemaError if this release does not support the data
 *   layout in Redis
 */
export async function startService(config: Config, log: Log, sink: LogSink): Promise<Service> {
  const monotonicMs = () => performance.now();
  const keys = createKeys(config.keyPrefix);
  // The main process uses only the schemas of the handlers. The workers run them.
  const upstreams = createUpstreams(config.upstreams, {
    telemetry: noTelemetry,
    log,
    now: monotonicMs,
    publish: () => undefined,
  });
  const handlers = await loadHandlers(config.handlers, upstreams);
  const types = [...handlers.keys()];
  warnOfMemory(types.length, config, log);
  const metrics = new ServiceMetrics(createLayout(types), collectProcessMetrics);
  const { command: took } = metrics.telemetry.redis();
  const redis = createRedis(config.redis, "commands", "orchestrator", took);
  const expectClose = logConnection(redis, log);
  const schema = new SchemaGuard(() => checkSchema(redis, keys), log);

  const promotion = createPromotion({
    promoter: new Promoter(redis, keys, types),
    intervalMs: config.delivery.promoteIntervalMs,
    log,
  });
  const identity = createIdentity(config.instance);
  const presence = new Presence({
    redis,
    keys,
    identity,
    types,
    orphanMinIdleMs: config.delivery.orphanMinIdleMs,
    forgetAfterMs: goneAfterMs(config),
    now: monotonicMs,
    onReleased: () => supervisor.recover(),
    log,
  });
  const deaths = new Deaths(redis, keys, identity.id);
  const supervisor: Supervisor = new Supervisor({
    settings: {
      script: new URL("./worker.mjs", import.meta.url),
      memoryLimitBytes: config.workers.memoryLimitBytes,
      restartMinMs: config.workers.restartMinMs,
      restartMaxMs: config.workers.restartMaxMs,
      unresponsiveMs: config.workers.unresponsiveMs,
      startTimeoutMs: config.workers.startTimeoutMs,
      activeWithinMs: activeWithinMs(config),
      workersPerType: config.workers.perType,
      watchIntervalMs: config.workers.heartbeatIntervalMs,
      drainTimeoutMs: config.shutdownTimeoutMs,
    },
    types,
    instance: identity.id,
    metrics,
    log,
    sink,
    now: monotonicMs,
    launch: (options) => new WorkerProcess(options),
    countDeath: (worker) =>
      deaths.count(worker).then(
        () => undefined,
        (error) =>
          log.warn(
            { ...worker, error: messageOf(error) },
            `The death of a worker could not be counted: ${messageOf(error)}`,
          ),
      ),
    onDelayed: promotion.delayed,
  });
  const readiness = new Readiness({
    selfCheck: () =>
      selfCheck(redis, {
        key: keys.switches,
        probeKey: keys.probe,
        requiredCommands: requiredCommands({ waits: config.redis.wait !== undefined }),
        now: Date.now,
      }),
    unserved: () => unserved(),
    workers: supervisor,
    types,
    startTimeoutMs: config.workers.startTimeoutMs,
    monotonicMs,
    log,
  });
  const ackWindow = new AckWindow(metrics, monotonicMs);
  const snapshot = async () =>
    withoutEmptyQueues(await readSnapshot(redis, keys, presence.types, config.load.rateLimitPerSecond), types);
  const unserved = async () => unservedTypes(await snapshot(), presence);
  const lookup = new TaskLookup(redis, keys, types);
  const explainer = new TaskExplainer(redis, keys, types);
  const switches = new Switches(redis, keys, config.load.rateLimitPerSecond);
  const deadLetters = new DeadLetters(redis, keys, types);
  const maintenance = createLoops({
    config,
    log,
    supervisor,
    types,
    leases: new Leases(redis, keys, identity.id),
    presence,
    janitor: new Janitor(redis, keys, types, goneAfterMs(config)),
    trimDeadLetters: async () => {
      const discarded = await deadLetters.trim(config.deadLetters);
      for (const reason of DISCARD_REASONS) {
        metrics.increment("mcp_dead_letters_discarded_total", { reason }, discarded[reason]);
        if (discarded[reason] > 0) log.warn({ reason, count: discarded[reason] }, "Dead letters discarded");
      }
    },
    ackWindow,
    readiness,
    readLag: async () => lagByType(await snapshot()),
  });
  const acceptances = new Acceptances(redis, keys, types, identity.id, log);
  // WAIT blocks its connection, so submissions then have a separate one.
  const submissions =
    config.redis.wait === undefined ? redis : createRedis(config.redis, "commands", "submissions", took);
  if (submissions !== redis)
    submissions.on("error", (error) => log.debug({ error: connectionFailure(error) }, "Redis connection failed"));
  const reconciliation = new Loop({
    name: "comparison of accepted tasks",
    intervalMs: RECONCILE_INTERVAL_MS,
    log,
    run: () => acceptances.reconcile(),
  });
  const loops = [promotion.loop, reconciliation, ...maintenance];
  const schemaLoop = new Loop({
    name: "check of the schema",
    intervalMs: () => schema.intervalMs,
    log,
    run: () => schema.check(),
  });
  const server = createServer({
    settings: config.http,
    version: packageJson.version,
    log,
    audit: createLog("info", sink, secretsOf(config), { audit: "admin" }),
    submission: afterSchema(
      schema,
      new Submission({
        redis: submissions,
        acceptances,
        replicas: config.redis.wait,
        keys,
        types,
        telemetry: metrics.telemetry,
        maxQueueDepth: config.load.maxQueueDepth,
        rateLimitPerSecond: config.load.rateLimitPerSecond,
        memory: new MemoryGuard(redis, config.load.redisMemoryCeiling, monotonicMs, (error) =>
          log.debug({ err: error }, `Memory of Redis cannot be read: ${messageOf(error)}`),
        ),
        onDelayed: promotion.delayed,
        now: Date.now,
        monotonicMs,
      }),
    ),
    lookup: {
      find: (taskId) => lookup.find(taskId),
      explain: (taskId) => explainer.explain(taskId),
    },
    deadLetters,
    switches,
    supervisor,
    queues: {
      async read() {
        const state = await snapshot();
        return { ...state, unservedTypes: unservedTypes(state, presence) };
      },
    },
    accounting: new TaskAccounting(redis, keys, snapshot),
    readiness,
    metrics: createScraper(
      metrics,
      createGaugeReader({
        types,
        known: presence,
        version: packageJson.version,
        readSnapshot: snapshot,
        supervisor,
        ackWindow,
        configured: {
          rateLimitPerSecond: config.load.rateLimitPerSecond,
          workersPerType: config.autoscale.enabled ? undefined : config.workers.perType,
        },
        now: monotonicMs,
      }),
    ),
    logLevel: {
      get: () => log.level,
      set: (level) => {
        log.level = level;
        supervisor.setLogLevel(level);
      },
    },
    types: handlers,
    telemetry: metrics.telemetry,
  });

  await schema.atStart();
  const url = await server.listen({ host: config.http.host, port: config.http.port });
  supervisor.start();
  schemaLoop.start();
  let stopping = false;
  void schema.accepted.then(() => {
    if (!stopping) for (const loop of loops) loop.start();
  });
  void readiness.check();
  log.info({ url, types, version: packageJson.version, pid: process.pid }, `Orchestrator listens on ${url}`);

  return {
    url,
    failed: schema.rejected,
    async stop() {
      stopping = true;
      readiness.stopping();
      // Load balancers must notice it before requests are rejected.
      await sleep(config.shutdownDelayMs);
      await within(server.close(), HTTP_CLOSE_TIMEOUT_MS, undefined);
      await supervisor.stop();
      const ended = Promise.all([schemaLoop, ...loops].map((loop) => loop.stop())).then(() => presence.leave());
      const left = ended.catch((error) =>
        log.warn({ err: error }, `The replica could not release its entries: ${messageOf(error)}`),
      );
      await within(left, LOOP_STOP_TIMEOUT_MS, undefined);
      expectClose();
      redis.disconnect();
      submissions.disconnect();
    },
  };
}

/** Accepts tasks only after the data layout is known. */
function afterSchema(schema: SchemaGuard, submission: Submission): Pick<Submission, "submit"> {
  return {
    async submit(tasks, receivedMs) {
      await schema.require();
      return await submission.submit(tasks, receivedMs);
    },
  };
}

/** A working lane finishes at least one poll in this time. */
function activeWithinMs({ delivery, redis, workers }: Config): number {
  return delivery.blockMs + redis.commandTimeoutMs + 2 * workers.heartbeatIntervalMs;
}

/** A consumer without a heartbeat for this long is gone. By then, its entries have been claimed. */
function goneAfterMs({ delivery }: Config): number {
  return 2 * (delivery.orphanMinIdleMs + delivery.orphanRecoveryIntervalMs);
}

function lagByType(snapshot: Awaited<ReturnType<typeof readSnapshot>>): Map<string, number> {
  const lags = new Map<string, number>();
  for (const { lag, type } of snapshot.queues) lags.set(type, (lags.get(type) ?? 0) + lag);
  return lags;
}

/** Warns if the container or unit has less memory than all processes may use together. */
function warnOfMemory(types: number, { workers }: Config, log: Log): void {
  const neededBytes = replicaMemoryBytes(types, workers);
  const limitBytes = process.constrainedMemory();
  if (limitBytes === 0 || limitBytes >= neededBytes) return;
  log.warn(
    { limitBytes, neededBytes },
    "The memory limit is lower than what the main process and its workers may use: the kernel may kill any of them",
  );
}
