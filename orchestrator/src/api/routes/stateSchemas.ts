import { z } from "zod";
import { CRASH_REASONS, LANES } from "../../metrics/contract.ts";

const queueFields = {
  type: z.string().describe("Task type."),
  lane: z.enum(LANES),
  stream: z.string().describe("Key of the stream; also the metric label `queue`."),
};

const queueSchema = z
  .object({
    ...queueFields,
    group: z.string().describe("Consumer group."),
    depth: z.int().describe("Entries in the stream."),
    pending: z.int().describe("Delivered and not acknowledged."),
    lag: z.int().describe("Undelivered plus pending."),
    oldest_age_seconds: z.number().describe("Age of the oldest entry; 0 if there is none."),
    delayed: z.int().describe("Tasks that wait for a retry or a delayed start."),
    overdue_seconds: z.number().describe("How long the first delayed task has been due; 0 if none is due."),
    unaccounted: z
      .int()
      .describe("Accepted tasks that are neither finished nor waiting: above 0 lost, below 0 counted twice."),
    written_off: z.int().describe("Lost tasks that an operator has written off."),
  })
  .meta({ id: "Queue" });

const serverSchema = z
  .object({
    name: z.string().describe("redis or valkey."),
    version: z.string().describe("Its own version; empty if unknown."),
    compatible_version: z.string().describe("The Redis release with which the server is compatible."),
    memory: z.object({
      used_bytes: z.int(),
      max_bytes: z.int().describe("`maxmemory`; 0 if it is not set."),
      system_bytes: z.int().describe("Memory of the host."),
      fragmentation_ratio: z.number(),
    }),
    persistence: z
      .array(z.object({ kind: z.enum(["rdb", "aof"]), ok: z.boolean() }))
      .describe("Whether the last write of each enabled kind succeeded."),
    replication_ok: z.boolean().describe("False on a replica whose link to its master is down."),
    connected_replicas: z.int(),
    evicted_keys: z.int().describe("Since the server started."),
  })
  .meta({ id: "RedisServer" });

export const rateLimitSchema = z
  .object({
    enabled: z.boolean(),
    per_second: z.number().describe("Tasks per second over all replicas; 0 rejects all."),
  })
  .meta({ id: "RateLimit", examples: [{ enabled: true, per_second: 50 }] });

export const queuesSchema = z
  .object({
    now_ms: z.number().describe("Time of the reading, epoch milliseconds."),
    queues: z.array(queueSchema),
    unreadable: z
      .array(z.object({ ...queueFields, error: z.string() }))
      .describe("Queues that cannot be read, for example because the key holds another type of value."),
    dead_letters: z.int().optional().describe("Absent if the dead letter queue cannot be read."),
    server: serverSchema,
    controls: z.object({
      rate_limit: rateLimitSchema,
      express_bypass: z.boolean(),
      paused: z.array(z.string()).describe("Paused types."),
    }),
    unserved_types: z
      .array(z.object({ type: z.string(), tasks: z.int() }))
      .describe("Types that have tasks, but no replica with workers for them."),
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
    paused: z.string().describe("Why it starts no tasks; empty if it does."),
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
        paused: z
          .array(z.string())
          .describe("Why its workers start no tasks: an open circuit breaker, or an administrator."),
      }),
    ),
    workers: z.array(workerSchema),
  })
  .meta({ id: "Workers" });

export const readinessSchema = z
  .object({
    ready: z.boolean().describe("The API of this replica accepts tasks."),
    healthy: z.boolean().describe("All checks pass, including advisory ones."),
    checks: z.array(
      z.object({
        name: z.string(),
        ok: z.boolean(),
        detail: z.string(),
        advisory: z.boolean().optional().describe("True if the check does not affect `ready`."),
      }),
    ),
  })
  .meta({ id: "Readiness" });
