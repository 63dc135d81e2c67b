import type { ApiName } from "../services/simulator/index.ts";

/** The plan of one run: tasks, faults and their times, as plain JSON. */
export type Schedule = {
  readonly seed: number;
  readonly topology: Topology;
  /** Whether each replica gets an INSTANCE_ID. */
  readonly named: boolean;
  readonly tasks: readonly TaskPlan[];
  readonly faults: readonly Fault[];
};

/**
 * How the service reaches Redis: one server through a proxy; two servers behind an address that moves with the master,
 * while open connections stay where they are; or two servers found through a Sentinel.
 */
export const TOPOLOGIES = ["single", "switched", "sentinel"] as const;
export type Topology = (typeof TOPOLOGIES)[number];

export const REPLICAS = [0, 1] as const;
export type ReplicaIndex = (typeof REPLICAS)[number];

/** The types and what their tasks do. */
export const TYPES = ["reasoning", "ml", "codegen"] as const;
export type TypeName = (typeof TYPES)[number];

/** Shapes of tasks that must complete. */
const COMPLETING_SHAPES = ["fast", "slow", "sync", "busy", "flaky", "wait", "badWait", "chat", "market"] as const;
/** Shapes of tasks that must end as dead letters. */
export const FAILING_SHAPES = [
  "fails",
  "invalid",
  "oddThrow",
  "oddReturn",
  "deaf",
  "exit",
  "unhandled",
  "hog",
  "spin",
] as const;
export type Shape = (typeof COMPLETING_SHAPES)[number] | (typeof FAILING_SHAPES)[number];

/** True if its handler never completes the task. */
export function alwaysFails(shape: Shape): boolean {
  return (FAILING_SHAPES as readonly string[]).includes(shape);
}

/** One task of a schedule; its index is its number. */
export type TaskPlan = {
  readonly atMs: number;
  readonly replica: ReplicaIndex;
  readonly type: TypeName;
  readonly express: boolean;
  readonly shape: Shape;
  /** How long it takes, or a variant of it. */
  readonly size: number;
  readonly delayMs?: number;
  /** The client chooses the task id, and submits again until it gets an answer. */
  readonly chosenId: boolean;
  /** The client submits it again after it was accepted. */
  readonly twice: boolean;
};

/** Ways to disturb the connections of a replica to Redis. */
export const LINK_FAULTS = ["reset", "freeze", "refuse", "silent", "requestsHeld", "answersHeld", "slow"] as const;
type LinkFault = (typeof LINK_FAULTS)[number];

/** Permissions that a user of Redis can lose. */
export const REVOCATIONS = ["xack", "evalsha", "xreadgroup", "xclaim", "allCommands", "keys"] as const;
export type Revocation = (typeof REVOCATIONS)[number];

type UpstreamFault =
  | { readonly how: "status"; readonly status: number; readonly share: number }
  | { readonly how: "hang" | "garbage" | "refuse" | "reset" };

/** A fault; `forMs` if it lasts until it is removed. */
export type FaultAction =
  | { readonly kind: "killMain" | "restartMain"; readonly replica: ReplicaIndex }
  | { readonly kind: "stopMain"; readonly replica: ReplicaIndex; readonly forMs: number }
  | { readonly kind: "killWorker"; readonly replica: ReplicaIndex; readonly type: TypeName }
  | { readonly kind: "stopWorker"; readonly replica: ReplicaIndex; readonly type: TypeName; readonly forMs: number }
  | { readonly kind: "killRedis" | "stopRedis" | "busyRedis" | "killSentinel"; readonly forMs: number }
  | { readonly kind: "demote"; readonly forMs: number; readonly servesStaleData: boolean }
  | { readonly kind: "failover" }
  | { readonly kind: "outOfMemory" | "noReplicas"; readonly forMs: number }
  | { readonly kind: "revoke"; readonly what: Revocation; readonly forMs: number }
  | { readonly kind: "killClients"; readonly which: "normal" | "pubsub" | "half" }
  | { readonly kind: "flushScripts" }
  | { readonly kind: "link"; readonly replica: ReplicaIndex; readonly how: LinkFault; readonly forMs: number }
  | { readonly kind: "clock"; readonly replica: ReplicaIndex; readonly stepMs: number; readonly forMs: number }
  | ({ readonly kind: "upstream"; readonly api: ApiName; readonly forMs: number } & UpstreamFault)
  | { readonly kind: "pause"; readonly type: TypeName; readonly forMs: number }
  | {
      readonly kind: "scale";
      readonly replica: ReplicaIndex;
      readonly type: TypeName;
      readonly count: number;
      readonly forMs: number;
    }
  | { readonly kind: "rateLimit"; readonly perSecond: number; readonly forMs: number }
  | { readonly kind: "bypass"; readonly forMs: number };

export type Fault = FaultAction & { readonly atMs: number };
export type FaultKind = Fault["kind"];

/** When the last fault of a schedule is over. */
export function lastFaultEndsMs(schedule: Pick<Schedule, "faults">): number {
  return Math.max(0, ...schedule.faults.map((fault) => fault.atMs + ("forMs" in fault ? fault.forMs : 0)));
}

/** The same schedule with longer times, for a busy machine. */
export function stretched(schedule: Schedule, factor: number): Schedule {
  return {
    ...schedule,
    tasks: schedule.tasks.map((task) => ({
      ...task,
      atMs: task.atMs * factor,
      ...(task.delayMs === undefined ? {} : { delayMs: Math.round(task.delayMs * factor) }),
    })),
    faults: schedule.faults.map((fault) => ({
      ...fault,
      atMs: fault.atMs * factor,
      ...("forMs" in fault ? { forMs: fault.forMs * factor } : {}),
    })),
  };
}

/** What a death of its worker costs a task, without the start of the next worker. */
const DEATH_MS: Partial<Record<Shape, number>> = {
  exit: 1_000,
  unhandled: 1_000,
  hog: 2_000,
  deaf: 3_500,
  spin: 4_000,
};
/** After this many deaths, such a task ends. */
export const MOST_DEATHS = 4;
/** Everything else: leases, orphans, retries, breakers and reconnections in a row, with a margin. */
const RECOVERY_MS = 20_000;

/** The last fault may have restarted a replica, and a task then its worker. */
const STARTS = 2;

/**
 * From the removal of the last fault until the system is at rest, at most.
 *
 * @param factor of all times
 * @param startMs how long the start of the whole system took on this machine
 */
export function drainBoundMs({ tasks }: Pick<Schedule, "tasks">, factor: number, startMs: number): number {
  const crashers = tasks.filter(takesWorkerDown);
  const deathsMs = crashers.reduce((sum, { shape }) => sum + (DEATH_MS[shape] ?? 0) * MOST_DEATHS, 0);
  return Math.round((RECOVERY_MS + deathsMs) * factor + startMs * (STARTS + crashers.length * MOST_DEATHS));
}

/** True if a run of the task ends its worker. */
export function takesWorkerDown({ shape }: Pick<TaskPlan, "shape">): boolean {
  return DEATH_MS[shape] !== undefined;
}

/** One line about a fault. */
export function describeFault(fault: Fault): string {
  const { atMs, kind, ...rest } = fault;
  const details = Object.entries(rest).map(([name, value]) => `${name}=${value}`);
  return [`${(atMs / 1000).toFixed(1)} s`, kind, ...details].join(" ");
}
