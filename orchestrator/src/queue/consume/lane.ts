import { consumerName } from "../../keys.ts";
import type { Lane } from "../../metrics/contract.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { RobustRedisACKHandler } from "../complete/ackHandler.ts";
import { createCompletion } from "../complete/completion.ts";
import { ensureGroup } from "../groups.ts";
import { ParkedEntries } from "../recover/deferredEntries.ts";
import { Recovery } from "../recover/recovery.ts";
import { generatedTaskIdPrefix } from "../taskId.ts";
import { Executor } from "./executor.ts";
import { Intake } from "./intake.ts";
import { LaneRunner } from "./laneRunner.ts";
import type { PauseWatch } from "./pauseWatch.ts";
import type { SlotPool } from "./slotPool.ts";
import type { Suspension } from "./suspension.ts";
import type { TaskRunnerDeps } from "./taskRunner.ts";

/** What the two lanes of a worker have in common. */
export type LaneShared = {
  readonly redis: RedisClient;
  readonly pool: SlotPool;
  readonly suspension: Suspension;
  readonly pause: PauseWatch;
  readonly quarantined: () => boolean;
};

/** The parts of a lane that its worker has to do with. */
export type LaneParts = {
  readonly lane: Lane;
  readonly consumer: string;
  readonly runner: LaneRunner;
  readonly parked: ParkedEntries;
  readonly acks: RobustRedisACKHandler;
  readonly executor: Executor;
  readonly recovery: Recovery;
};

/** Puts the parts of one lane together: read -> intake -> executor -> acknowledgement, and what waits in between. */
export function createLane(lane: Lane, deps: TaskRunnerDeps, shared: LaneShared): LaneParts {
  const { type, index, instance, keys, settings, handler, telemetry, now, random, openRedis } = deps;
  const { redis, pool, suspension, pause, quarantined } = shared;
  const queue = keys.queue(type, lane);
  const consumer = consumerName(type, lane, index, instance);
  const idPrefix = generatedTaskIdPrefix(type, lane);
  const log = deps.log.child({ type, lane });
  const cells = telemetry.lane(type, lane);
  const known = new Set<string>();
  const maxBacklog = Math.max(2 * settings.concurrency, 64);

  const acks = new RobustRedisACKHandler({
    complete: createCompletion({
      redis,
      keys,
      queue,
      consumer,
      resultTtlSeconds: settings.resultTtlSeconds,
      expectedPending: 2 * (settings.concurrency + maxBacklog),
    }),
    cells,
    backoffMs: settings.ackBackoffMs,
    maxBacklog,
    random,
    log,
    onEnd: (entryId) => {
      known.delete(entryId);
      parked.ended(entryId);
    },
    onDelayed: deps.onDelayed,
    onGroupMissing: () => ensureGroup(redis, queue),
  });
  const executor = new Executor({
    queue,
    consumer,
    idPrefix,
    handler,
    settings,
    cells,
    now,
    random,
    log,
    onOutcome: (outcome) => {
      suspension.taskEnded();
      acks.add(outcome);
    },
    onCircuitOpen: (entry, error) => {
      if (suspension.reason === undefined)
        log.warn({ upstream: error.subject }, `consumption paused: ${error.message}`);
      suspension.circuitOpened(error);
      parked.hold(entry);
      parked.ended(entry.id);
    },
    onSlotFree: () => pool.release(lane, 1),
  });
  const recovery = new Recovery(redis, keys, queue, consumer, idPrefix);
  const intake = new Intake({
    queue,
    idPrefix,
    deliveryLimit: settings.deliveryLimit,
    executor,
    acks,
    suspension,
    log,
    hold: (entry) => parked.hold(entry),
  });
  const parked = new ParkedEntries({
    queue,
    consumer,
    pool,
    acks,
    executor,
    intake,
    recovery,
    suspension,
    known,
    cells,
    log,
  });
  const runner = new LaneRunner({
    lane,
    connection: {
      open: () => openRedis("blocking", consumer),
      queue,
      consumer,
      blockMs: settings.blockMs,
      connectTimeoutMs: settings.connectTimeoutMs,
      marginMs: settings.commandTimeoutMs,
    },
    pool,
    acks,
    intake,
    parked,
    suspension,
    pause,
    known,
    now,
    random,
    log,
    ensureGroup: () => ensureGroup(redis, queue),
    quarantined,
  });
  return { lane, consumer, runner, parked, acks, executor, recovery };
}
