import fc from "fast-check";
import { API_NAMES } from "../services/simulator/index.ts";
import {
  FAILING_SHAPES,
  type Fault,
  type FaultAction,
  LINK_FAULTS,
  REPLICAS,
  REVOCATIONS,
  type Schedule,
  type Shape,
  type TaskPlan,
  TOPOLOGIES,
  TYPES,
  type TypeName,
} from "./schedule.ts";

/** Tasks are submitted and faults begin within this time. */
export const ACTIVE_MS = 6_000;
/** Tasks that take their worker down come early, because they need several restarts. */
const FAILING_WITHIN_MS = 1_500;
const MOST_FAULTS = 9;
const MOST_FAILING = 4;

const SHAPES: Readonly<Record<TypeName, readonly Shape[]>> = {
  reasoning: ["chat", "chat", "chat", "fast"],
  ml: ["fast", "fast", "slow", "slow", "sync", "busy", "flaky", "wait", "badWait", "market", "market"],
  codegen: ["fast", "slow", "sync"],
};
const replica = fc.constantFrom(...REPLICAS);
const type = fc.constantFrom(...TYPES);
const whole = (min: number, max: number) => fc.integer({ min, max });
const lasts = whole(300, 2_500);

const completing: fc.Arbitrary<TaskPlan> = type.chain((name) =>
  fc.record(
    {
      atMs: whole(0, ACTIVE_MS),
      replica,
      type: fc.constant(name),
      express: fc.boolean(),
      shape: fc.constantFrom(...SHAPES[name]),
      size: whole(0, 9),
      delayMs: whole(1, 3_000),
      chosenId: fc.boolean(),
      twice: fc.constantFrom(false, false, false, true),
    },
    { requiredKeys: ["atMs", "replica", "type", "express", "shape", "size", "chosenId", "twice"] },
  ),
);

const failing: fc.Arbitrary<TaskPlan> = fc.record({
  atMs: whole(0, FAILING_WITHIN_MS),
  replica,
  type: fc.constant<TypeName>("codegen"),
  express: fc.boolean(),
  shape: fc.constantFrom(...FAILING_SHAPES),
  size: whole(0, 9),
  chosenId: fc.boolean(),
  twice: fc.constant(false),
});

const upstreamFault = fc.oneof(
  fc.record({
    how: fc.constant("status" as const),
    status: fc.constantFrom(503, 503, 500, 429, 401, 402, 403),
    share: fc.constantFrom(1, 1, 0.5),
  }),
  fc.record({ how: fc.constantFrom("hang" as const, "garbage" as const, "refuse" as const, "reset" as const) }),
);

/** Faults of every topology. */
const ANYWHERE: fc.Arbitrary<FaultAction>[] = [
  fc.record({ kind: fc.constantFrom("killMain" as const, "restartMain" as const), replica }),
  fc.record({ kind: fc.constant("stopMain" as const), replica, forMs: lasts }),
  fc.record({ kind: fc.constant("killWorker" as const), replica, type }),
  fc.record({ kind: fc.constant("stopWorker" as const), replica, type, forMs: lasts }),
  fc.record({
    kind: fc.constantFrom("busyRedis" as const, "outOfMemory" as const, "noReplicas" as const),
    forMs: lasts,
  }),
  fc.record({ kind: fc.constant("revoke" as const), what: fc.constantFrom(...REVOCATIONS), forMs: lasts }),
  fc.record({ kind: fc.constant("killClients" as const), which: fc.constantFrom("normal", "pubsub", "half") }),
  fc.record({ kind: fc.constant("killClients" as const), which: fc.constantFrom("normal", "half") }),
  fc.record({ kind: fc.constant("flushScripts" as const) }),
  fc.record({
    kind: fc.constant("clock" as const),
    replica,
    stepMs: fc.constantFrom(-3_600_000, -60_000, -2_000, 2_000, 60_000, 3_600_000),
    forMs: lasts,
  }),
  fc
    .record({ kind: fc.constant("upstream" as const), api: fc.constantFrom(...API_NAMES), forMs: whole(500, 4_000) })
    .chain((fault) => upstreamFault.map((how) => ({ ...fault, ...how }))),
  fc
    .record({ kind: fc.constant("upstream" as const), api: fc.constant("chat" as const), forMs: whole(1_000, 4_000) })
    .chain((fault) => upstreamFault.map((how) => ({ ...fault, ...how }))),
  fc.record({ kind: fc.constant("pause" as const), type, forMs: lasts }),
  fc.record({ kind: fc.constant("scale" as const), replica, type, count: whole(0, 3), forMs: lasts }),
  fc.record({ kind: fc.constant("rateLimit" as const), perSecond: whole(0, 20), forMs: lasts }),
  fc.record({ kind: fc.constant("bypass" as const), forMs: lasts }),
] as fc.Arbitrary<FaultAction>[];

const redisDown = fc.record({ kind: fc.constantFrom("killRedis" as const, "stopRedis" as const), forMs: lasts });
const sentinelDown = fc.record({ kind: fc.constant("killSentinel" as const), forMs: lasts });
const link = fc.record({
  kind: fc.constant("link" as const),
  replica,
  how: fc.constantFrom(...LINK_FAULTS),
  forMs: lasts,
});
const demotion = fc.record({ kind: fc.constant("demote" as const), forMs: lasts, servesStaleData: fc.boolean() });
const failover = fc.constant({ kind: "failover" as const });

/**
 * With Sentinel, roles change only by schedule, not when a server is down: a master that is given up loses what it had
 * not replicated, even an outcome that a client has seen.
 */
const FAULTS: Readonly<Record<Schedule["topology"], readonly fc.Arbitrary<FaultAction>[]>> = {
  single: [...ANYWHERE, redisDown, redisDown, link, link, demotion],
  switched: [...ANYWHERE, failover, failover, failover, link, link, redisDown],
  sentinel: [...ANYWHERE, failover, failover, failover, redisDown, sentinelDown],
};

const schedule = fc.constantFrom(...TOPOLOGIES, "single" as const).chain((topology) =>
  fc.record({
    topology: fc.constant(topology),
    named: fc.boolean(),
    tasks: fc
      .tuple(
        fc.array(completing, { minLength: 40, maxLength: 80, size: "max" }),
        // At most one of each shape: two would need their six restarts one after the other.
        fc.uniqueArray(failing, { minLength: 0, maxLength: MOST_FAILING, size: "max", selector: ({ shape }) => shape }),
      )
      .map((lists) => lists.flat().sort(byTime)),
    faults: fc
      .array(
        fc
          .tuple(whole(200, ACTIVE_MS), fc.oneof(...FAULTS[topology]))
          .map(([atMs, action]): Fault => ({ atMs, ...action })),
        { minLength: 1, maxLength: MOST_FAULTS, size: "max" },
      )
      .map((faults) => faults.sort(byTime)),
  }),
);

/** Draws the schedule of a seed, always the same. */
export function drawSchedule(seed: number): Schedule {
  const [drawn] = fc.sample(fc.noBias(schedule), { seed, numRuns: 1 });
  if (drawn === undefined) throw new Error("no schedule was drawn");
  return { seed, ...drawn };
}

function byTime(one: { readonly atMs: number }, other: { readonly atMs: number }): number {
  return one.atMs - other.atMs;
}
