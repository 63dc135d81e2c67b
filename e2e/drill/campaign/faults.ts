import { FAULT_SIZES, minutes, scaleMs } from "@mcp-orchestrator/alerts";
import { BUILT_IN_TYPES, LANES, type Lane } from "mcp-orchestrator/contract";
import type { TaskType } from "../../services/load/load.ts";
import { type ApiName, type Conditions, HEALTHY } from "../../services/simulator/control.ts";
import type { LinkMode } from "../../testkit/network/link.ts";
import type { LinkThread } from "../../testkit/network/linkThread.ts";
import { signalPid } from "../../testkit/process/signals.ts";
import type { HttpProcess } from "../../testkit/servers/httpProcess.ts";
import {
  demote,
  keepBusy,
  killClients,
  type RedisFault,
  runOutOfMemory,
  wantReplicas,
} from "../../testkit/servers/redisFaults.ts";
import { type ActiveFault, type DrilledFaultId, FAULT_INJECTIONS, type FaultContext } from "../faults/index.ts";
import { scaleToZero } from "../faults/operator.ts";
import { refusedOn } from "../faults/refusals.ts";
import { repeated, rest } from "../faults/repeated.ts";
import { hangTheWorkerOf, killWorkersOf } from "../faults/workers.ts";

/** What the faults of a campaign may touch. */
export type CampaignContext = FaultContext & {
  /** The connection of the service to Redis. */
  readonly redisLink: LinkThread;
  /** The main processes. */
  readonly mains: readonly HttpProcess[];
};

/** What a fault needs exclusively: two that share one never overlap. */
export type Resource =
  | "permissions"
  | ApiName
  | "workers"
  | "main"
  | "redis"
  | "link"
  | "disk"
  | "switches"
  | "alerting";

/** One kind of fault, with everything decided but its time. */
export type CampaignFault = {
  readonly needs: Resource;
  /** It breaks monitoring, and no client notices. */
  readonly telemetry?: true;
  /** Replicas of the service without which it is another fault; any number if absent. */
  readonly replicas?: number;
  /** Whose tasks it hits; those of all types and lanes if absent. */
  readonly hits?: { readonly types: readonly TaskType[]; readonly lane?: Lane };
  inject(context: CampaignContext): Promise<ActiveFault>;
};

type Inject = CampaignFault["inject"];

/**
 * Faults of the catalogue. Those that only spend an error budget are left out: a campaign is too short for budgets.
 * So is `lose-an-entry`, which loses a task by itself. `refuse-submissions-of-a-lane` is among those of every type.
 */
const OF_THE_CATALOGUE: Readonly<Partial<Record<DrilledFaultId, Omit<CampaignFault, "inject">>>> = {
  "revoke-ack": { needs: "permissions" },
  "flap-ack": { needs: "permissions", hits: { types: ["reasoning"], lane: "express" } },
  "stall-upstream-small-backlog": { needs: "market", hits: { types: ["ml"], lane: "regular" } },
  "stall-upstream-flood": { needs: "market", hits: { types: ["ml"], lane: "regular" } },
  "slow-upstream": { needs: "chat", hits: { types: ["reasoning", "codegen"] } },
  "very-slow-upstream": { needs: "chat", hits: { types: ["reasoning", "codegen"] } },
  "failing-upstream": { needs: "chat", hits: { types: ["reasoning", "codegen"] } },
  "kill-workers": { needs: "workers" },
  "kill-workers-of-a-type": { needs: "workers", hits: { types: ["ml"] } },
  "hang-a-worker": { needs: "workers", hits: { types: ["ml"] } },
  "stop-service": { needs: "main" },
  "starve-workers": { needs: "permissions" },
  "fill-redis": { needs: "redis" },
  "scale-type-to-zero": { needs: "workers", hits: { types: ["ml"] } },
  "flap-service": { needs: "alerting", telemetry: true },
  "refuse-submissions": { needs: "permissions" },
  "pause-with-an-old-task": { needs: "switches", hits: { types: ["ml"] } },
  "refuse-promotion": { needs: "permissions", hits: { types: ["ml"] } },
  "leave-bypass-on": { needs: "switches" },
  "refuse-redis-state": { needs: "permissions" },
  "hide-a-replica": { needs: "alerting", telemetry: true, replicas: 2 },
  "fail-snapshots": { needs: "disk" },
  "revoke-webhook": { needs: "alerting", telemetry: true },
  "break-a-rule": { needs: "alerting", telemetry: true },
  "break-alertmanager-configuration": { needs: "alerting", telemetry: true },
};

const ofTheCatalogue = Object.entries(OF_THE_CATALOGUE).map(([id, fault]): [string, CampaignFault] => [
  id,
  { ...fault, inject: FAULT_INJECTIONS[id as DrilledFaultId] },
]);

/** A worker that is killed now and then: too seldom for a crash rate. */
const SELDOM_MS = minutes(4);

const ofTypes = BUILT_IN_TYPES.flatMap((type) =>
  hitting({ types: [type] }, [
    [`pause ${type}`, { needs: "switches", inject: switched(`types/${type}/pause`, `types/${type}/resume`) }],
    [`scale ${type} to zero`, { needs: "workers", inject: scaleToZero(type) }],
    [`hang the worker of ${type}`, { needs: "workers", inject: hangTheWorkerOf(type) }],
    [
      `crash loop of ${type}`,
      { needs: "workers", inject: (context) => killWorkersOf(type, FAULT_SIZES.killIntervalMs)(context) },
    ],
    [
      `crashes of ${type} now and then`,
      { needs: "workers", inject: (context) => killWorkersOf(type, scaleMs(SELDOM_MS, context.profile))(context) },
    ],
    ...LANES.flatMap((lane) =>
      hitting({ types: [type], lane }, [
        [`refuse submissions of ${type} ${lane}`, { needs: "permissions", inject: refusedOn(["xadd"], type, lane) }],
        [`starve ${type} ${lane}`, { needs: "permissions", inject: refusedOn(["xreadgroup"], type, lane) }],
      ]),
    ),
  ]),
);

/** The types whose handlers call each API. */
const CALLERS: Readonly<Record<ApiName, readonly TaskType[]>> = { chat: ["reasoning", "codegen"], market: ["ml"] };

const ofUpstreams = (["chat", "market"] as const).flatMap((api) => {
  const behaves = (how: Partial<Conditions>): CampaignFault => ({ needs: api, inject: upstream(api, how) });
  return hitting({ types: CALLERS[api] }, [
    [`${api} hangs`, behaves({ stall: true })],
    [`${api} answers slowly`, behaves({ latencyMs: 800 })],
    [`${api} rejects all calls`, behaves({ errorRate: 1, errorStatus: 400 })],
    [`${api} rejects half of the calls`, behaves({ errorRate: 0.5, errorStatus: 400 })],
    [`${api} is down`, behaves({ errorRate: 1, errorStatus: 503 })],
    [`${api} fails half of the calls`, behaves({ errorRate: 0.5, errorStatus: 500 })],
    [`${api} limits the rate`, behaves({ errorRate: 1, errorStatus: 429 })],
    [`${api} does not accept the credentials`, behaves({ errorRate: 1, errorStatus: 401 })],
  ]);
});

const OF_REDIS: Readonly<Record<string, CampaignFault>> = {
  "Redis is busy": ofRedis(keepBusy),
  "Redis is a replica": ofRedis(demote(true)),
  "Redis is a replica without data": ofRedis(demote(false)),
  "Redis is out of memory": ofRedis(runOutOfMemory),
  "Redis wants replicas": ofRedis(wantReplicas),
  "Redis hangs": {
    needs: "redis",
    async inject({ redis }) {
      await redis.server.pause();
      return { remove: () => redis.server.resume() };
    },
  },
  "Redis is down": {
    needs: "redis",
    async inject({ redis }) {
      await redis.server.kill();
      return { remove: () => redis.server.start() };
    },
  },
  "Redis drops connections": {
    needs: "redis",
    inject: every(minutes(1), async ({ admin, aclUser }) => killClients(admin, aclUser, "all")),
  },
  "Redis forgets scripts": {
    needs: "redis",
    inject: every(minutes(1), async ({ admin }) => void (await admin.script("FLUSH"))),
  },
  ...Object.fromEntries(
    (["silent", "answersHeld", "slow", "refuse"] as const).map((mode) => [
      `the link to Redis: ${mode}`,
      { needs: "link", inject: linkMode(mode) } as const,
    ]),
  ),
  "the link to Redis pauses": { needs: "link", inject: pausingLink },
};

const OF_PROCESSES: Readonly<Record<string, CampaignFault>> = {
  "a main process hangs": {
    needs: "main",
    async inject({ mains }) {
      const pid = mains[0]?.pid;
      if (pid === undefined) throw new Error("the main process does not run");
      signalPid(pid, "SIGSTOP");
      return { remove: async () => signalPid(pid, "SIGCONT") };
    },
  },
  "a replica is down": {
    needs: "main",
    replicas: 2,
    async inject({ mains }) {
      await mains[0]?.kill();
      return { remove: async () => mains[0]?.start() };
    },
  },
  "a main process crashes now and then": {
    needs: "main",
    inject: every(minutes(6), async ({ mains }) => {
      await mains[0]?.kill();
      await mains[0]?.start();
    }),
  },
  "the rate limit is 0": {
    needs: "switches",
    inject: switched("rate-limit/enable", "rate-limit/disable", { per_second: 0 }),
  },
  "the rate limit is 1": {
    needs: "switches",
    inject: switched("rate-limit/enable", "rate-limit/disable", { per_second: 1 }),
  },
};

/** Every fault of a campaign, by its name in schedules. */
export const CAMPAIGN_FAULTS: ReadonlyMap<string, CampaignFault> = new Map([
  ...ofTheCatalogue,
  ...ofTypes,
  ...ofUpstreams,
  ...Object.entries(OF_REDIS),
  ...Object.entries(OF_PROCESSES),
]);

/** Notes whose tasks faults hit, unless they say so themselves. */
function hitting(
  hits: NonNullable<CampaignFault["hits"]>,
  faults: readonly (readonly [string, CampaignFault])[],
): [string, CampaignFault][] {
  return faults.map(([name, fault]) => [name, { hits, ...fault }]);
}

/** A setting of the admin API that is left on. */
function switched(on: string, off: string, json?: unknown): Inject {
  return async ({ api }) => {
    await api.admin(on, json);
    return { remove: () => api.admin(off) };
  };
}

function upstream(name: ApiName, how: Partial<Conditions>): Inject {
  return async ({ upstreams }) => {
    await upstreams({ [name]: how });
    return { remove: () => upstreams({ [name]: HEALTHY }) };
  };
}

function ofRedis(fault: RedisFault): CampaignFault {
  return { needs: "redis", inject: async ({ admin }) => ({ remove: await fault(admin) }) };
}

function linkMode(mode: LinkMode): Inject {
  return async ({ redisLink }) => {
    redisLink.set(mode);
    return { remove: async () => redisLink.set("pass") };
  };
}

/** How long Redis is silent, and how long it answers. Real time: clients wait for it. */
const SILENT_MS = 150;
const ANSWERS_MS = 750;

async function pausingLink({ redisLink, signal }: CampaignContext): Promise<ActiveFault> {
  return repeated(signal, async (ended) => {
    redisLink.set("silent");
    await rest(SILENT_MS, ended);
    redisLink.set("pass");
    await rest(ANSWERS_MS, ended);
  });
}

/** Does something again and again. @param intervalMs at production length */
function every(intervalMs: number, act: (context: CampaignContext) => Promise<void>): Inject {
  return async (context) =>
    repeated(context.signal, async (ended) => {
      await act(context);
      await rest(scaleMs(intervalMs, context.profile), ended);
    });
}
