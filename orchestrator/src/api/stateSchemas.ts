import { z } from "zod";
import { CRASH_REASONS, LANES } from "../metrics/contract.ts";

const queueFields = {
  type: z.string().describe("Task type."),
  lane: z.enum(LANES),
  stream: z.string().describe("Key of the stream, and value of the metric label `queue`."),
};

const queueSchema = z
  .object({
    ...queueFields,
    group: z.string().describe("Consumer group."),
    depth: z.int().describe("Entries in the stream."),
    pending: z.int().describe("Delivered and not acknowledged."),
    lag: z.int().describe("Undelivered plus pending."),
    oldest_age_seconds: z.number().describe("Age of the oldest entry; 0 when there is none."),
    delayed: z.int().describe("Tasks that wait for a retry or a delayed start."),
    overdue_seconds: z.number().describe("How long the first of them has been due; 0 when none is."),
    unaccounted: z.int().describe("Accepted minus everything known of: not 0 means lost or doubled."),
    written_off: z.int().describe("Lost tasks that an operator has written off."),
  })
  .meta({ id: "Queue" });

const serverSchema = z
  .object({
    name: z.string().describe("redis or valkey."),
    version: z.string().describe("Its own version; empty where it does not say."),
    compatible_version: z.string().describe("The release of Redis whose commands it has."),
    memory: z.object({
      used_bytes: z.int(),
      max_bytes: z.int().describe("`maxmemory`; 0 where it is not set."),
      system_bytes: z.int().describe("Memory of the host."),
      fragmentation_ratio: z.number(),
    }),
    persistence: z
      .array(z.object({ kind: z.enum(["rdb", "aof"]), ok: z.boolean() }))
      .describe("Whether the last write of each kind that is on succeeded."),
    replication_ok: z.boolean().describe("False on a replica whose link to its master is down."),
    connected_replicas: z.int(),
    evicted_keys: z.int().describe("Since the server started."),
  })
  .meta({ id: "RedisServer" });

export const rateLimitSchema = z
  .object({
    enabled: z.boolean(),
    per_second: z.number().describe("Tasks per second over all replicas; 0 refuses all."),
  })
  .meta({ id: "RateLimit", examples: [{ enabled: true, per_second: 50 }] });

export const queuesSchema = z
  .object({
    now_ms: z.number().describe("When Redis was read, epoch milliseconds."),
    queues: z.array(queueSchema),
    unreadable: z
      .array(z.object({ ...queueFields, error: z.string() }))
      .describe("Queues that Redis could not read, such as one whose key holds another type of value."),
    dead_letters: z.int().optional().describe("Absent where the dead letter queue cannot be read."),
    server: serverSchema,
    controls: z.object({
      rate_limit: rateLimitSchema,
      express_bypass: z.boolean(),
      paused: z.array(z.string()).describe("Types that are paused."),
    }),
    unserved_types: z
      .array(z.object({ type: z.string(), tasks: z.int() }))
      .describe("Types with tasks that no replica works on."),
  })
  .meta({ id: "Queues" });

const workerSchema = z
  .object({
    worker: z.string(),
    type: z.string(),
    index: z.int(),
    state: z.enum(["running", "restarting", "stopping", "stopped"]),
    active: z.boolean().describe("Alive and consuming."),
    pid: z.int().optional(),
    restarts: z.int(),
    up_ms: z.number(),
    heartbeat_age_ms: z.number().optional(),
    poll_age_ms: z.object({ express: z.number(), regular: z.number() }).optional(),
    in_flight: z.int(),
    rss_bytes: z.int(),
    paused: z.string().describe("Why it takes no tasks right now; empty when it does."),
    last_crash: z.object({ reason: z.enum(CRASH_REASONS), ago_ms: z.number() }).optional(),
  })
  .meta({ id: "Worker" });

export const workersSchema = z
  .object({
    types: z.array(
      z.object({
        type: z.string(),
        wanted: z.int(),
        active: z.int(),
        paused: z.array(z.string()).describe("Why its workers take no tasks right now."),
      }),
    ),
    workers: z.array(workerSchema),
  })
  .meta({ id: "Workers" });

export const readinessSchema = z
  .object({
    ready: z.boolean().describe("The API of this replica takes tasks."),
    healthy: z.boolean().describe("Every check passes: false while tasks wait that no replica works on."),
    checks: z.array(
      z.object({
        name: z.string(),
        ok: z.boolean(),
        detail: z.string(),
        advisory: z.boolean().optional().describe("True for what does not count to readiness."),
      }),
    ),
  })
  .meta({ id: "Readiness" });
