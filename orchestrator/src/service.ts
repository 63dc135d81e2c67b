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
import { Cells } from "./metrics/cells.ts";
import { DISCARD_REASONS } from "./metrics/contract.ts";
import { createGaugeReader } from "./metrics/gauges.ts";
import { createLayout } from "./metrics/layout.ts";
import { createMetrics } from "./metrics/registry.ts";
import { noTelemetry } from "./metrics/telemetry.ts";
import { Totals } from "./metrics/totals.ts";
import { Controls } from "./queue/controls.ts";
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
import { createRedis } from "./redis/connection.ts";
import { REQUIRED_COMMANDS } from "./redis/permissions.ts";
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
  /** Where the API listens. */
  readonly url: string;
  /** Rejects when the process must end at once: with a SchemaError, when Redis holds data that are not for this release. */
  readonly failed: Promise<never>;
  /** Says that it is not ready, then refuses new work, lets the workers finish or hand back what is in flight, closes everything. */
  stop(): Promise<void>;
};

/** How soon it is seen that Redis has lost what it had accepted. */
const RECONCILE_INTERVAL_MS = 2_000;

/**
 * Composition root of the main process. Resolves when the API listens: Redis need not be there yet, `/readyz` tells.
 *
 * @throws when a handler module cannot be loaded or the port is taken; SchemaError when the data in Redis have a layout that
 *   this release does not know
 */
export async function startService(config: Config, log: Log, sink: LogSink): Promise<Service> {
  const monotonicMs = () => performance.now();
  const keys = createKeys(config.keyPrefix);
  // Here the handlers only lend their schemas; the workers run them.
  const upstreams = createUpstreams(config.upstreams, {
    telemetry: noTelemetry,
    log,
    now: monotonicMs,
    publish: () => undefined,
  });
  const handlers = await loadHandlers(config.handlers, upstreams);
  const types = [...handlers.keys()];
  warnOfMemory(types.length, config, log);
  const totals = new Totals(createLayout(types));
  const telemetry = new Cells(totals.layout, totals.values);
  const redis = createRedis(config.redis, "commands", "orchestrator");
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
    onHandedOver: () => supervisor.recover(),
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
    totals,
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
            `The death of a worker was not counted: ${messageOf(error)}`,
          ),
      ),
    onDelayed: promotion.delayed,
  });
  const readiness = new Readiness({
    selfCheck: () =>
      selfCheck(redis, {
        key: keys.controls,
        probeKey: keys.probe,
        requiredCommands: REQUIRED_COMMANDS,
        now: Date.now,
      }),
    unserved: () => unserved(),
    workers: supervisor,
    types,
    startTimeoutMs: config.workers.startTimeoutMs,
    monotonicMs,
    log,
  });
  const ackWindow = new AckWindow(totals, monotonicMs);
  const snapshot = async () =>
    withoutEmptyQueues(await readSnapshot(redis, keys, presence.types, config.load.rateLimitPerSecond), types);
  const unserved = async () => unservedTypes(await snapshot(), presence);
  const lookup = new TaskLookup(redis, keys, types);
  const explainer = new TaskExplainer(redis, keys, types);
  const controls = new Controls(redis, keys, config.load.rateLimitPerSecond);
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
        totals.increment("mcp_dead_letters_discarded_total", { reason }, discarded[reason]);
        if (discarded[reason] > 0) log.warn({ reason, count: discarded[reason] }, "Dead letters discarded");
      }
    },
    ackWindow,
    readiness,
    readLag: async () => lagByType(await snapshot()),
  });
  const acceptances = new Acceptances(redis, keys, types, identity.id, log);
  // WAIT blocks its connection: what only reads has another one.
  const submissions = config.redis.wait === undefined ? redis : createRedis(config.redis, "commands", "submissions");
  if (submissions !== redis) submissions.on("error", (error) => log.debug({ err: error }, "Redis connection failed"));
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
    run: () => schema.look(),
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
        telemetry,
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
    controls,
    supervisor,
    queues: {
      async read() {
        const state = await snapshot();
        return { ...state, unservedTypes: unservedTypes(state, presence) };
      },
    },
    accounting: new TaskAccounting(redis, keys, snapshot),
    readiness,
    metrics: createMetrics(
      totals,
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
    telemetry,
  });

  await schema.atStart();
  const url = await server.listen({ host: config.http.host, port: config.http.port });
  supervisor.start();
  schemaLoop.start();
  let stopping = false;
  void schema.agreed.then(() => {
    if (!stopping) for (const loop of loops) loop.start();
  });
  void readiness.check();
  log.info({ url, types, version: packageJson.version, pid: process.pid }, `Orchestrator listens on ${url}`);

  return {
    url,
    failed: schema.refused,
    async stop() {
      stopping = true;
      readiness.stopping();
      // Load balancers see it before requests are refused.
      await sleep(config.shutdownDelayMs);
      await within(server.close(), HTTP_CLOSE_TIMEOUT_MS, undefined);
      await supervisor.stop();
      const ended = Promise.all([schemaLoop, ...loops].map((loop) => loop.stop())).then(() => presence.leave());
      const left = ended.catch((error) =>
        log.warn({ err: error }, `The replica is not signed off: ${messageOf(error)}`),
      );
      await within(left, LOOP_STOP_TIMEOUT_MS, undefined);
      expectClose();
      redis.disconnect();
      submissions.disconnect();
    },
  };
}

/** Accepts nothing into data whose layout is not known. */
function afterSchema(schema: SchemaGuard, submission: Submission): Pick<Submission, "submit"> {
  return {
    async submit(tasks, receivedMs) {
      await schema.require();
      return await submission.submit(tasks, receivedMs);
    },
  };
}

/** A lane that works finishes a poll at least once in this time; what is older is a lane that does not work. */
function activeWithinMs({ delivery, redis, workers }: Config): number {
  return delivery.blockMs + redis.commandTimeoutMs + 2 * workers.heartbeatIntervalMs;
}

/** A consumer without a heartbeat for this long is gone: late enough that its entries were taken over before. */
function goneAfterMs({ delivery }: Config): number {
  return 2 * (delivery.orphanMinIdleMs + delivery.orphanRecoveryIntervalMs);
}

function lagByType(snapshot: Awaited<ReturnType<typeof readSnapshot>>): Map<string, number> {
  const lags = new Map<string, number>();
  for (const { lag, type } of snapshot.queues) lags.set(type, (lags.get(type) ?? 0) + lag);
  return lags;
}

/** Says so where the container or the unit has less memory than the workers may take together. */
function warnOfMemory(types: number, { workers }: Config, log: Log): void {
  const neededBytes = replicaMemoryBytes(types, workers);
  const limitBytes = process.constrainedMemory();
  if (limitBytes === 0 || limitBytes >= neededBytes) return;
  log.warn(
    { limitBytes, neededBytes },
    "The memory limit is lower than what the main process and its workers may take: the kernel may kill any of them",
  );
}
