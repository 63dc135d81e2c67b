import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { AccountingChangedError, NotFoundError } from "../../errors.ts";
import { createKeys } from "../../keys.ts";
import type { DeadLetterFilter } from "../../queue/inspect/deadLetters.ts";
import type { DeadLetter, Receipt, TaskRequest, TaskView } from "../../queue/task.ts";
import { laneOf } from "../../queue/task.ts";
import type { WorkerStatus } from "../../supervisor/workerStatus.ts";
import type { HttpPorts, HttpSettings } from "../ports.ts";
import { createServer, type ServerDeps } from "../server.ts";

export const MAX_PAYLOAD_BYTES = 1024;

const WORKER: WorkerStatus = {
  worker: "express_pool:reasoning:0",
  type: "reasoning",
  index: 0,
  state: "running",
  active: true,
  pid: 4711,
  restarts: 0,
  upMs: 60_000,
  heartbeatAgeMs: 12,
  pollAgeMs: { express: 3, regular: 4 },
  inFlight: 1,
  rssBytes: 100_000_000,
  paused: "",
  lastCrash: undefined,
};

const QUEUES: Awaited<ReturnType<HttpPorts["queues"]["read"]>> = {
  nowMs: 1_717_171_717_171,
  queues: [
    {
      ...createKeys("mcp").queue("reasoning", "regular"),
      depth: 3,
      pending: 1,
      lag: 3,
      oldestAgeSeconds: 0.5,
      delayed: 0,
      overdueSeconds: 0,
      unaccounted: 0,
      writtenOff: 0,
    },
  ],
  unreadable: [],
  deadLetters: 0,
  server: {
    name: "valkey",
    version: "8.1.3",
    compatibleVersion: "7.2.4",
    memory: { usedBytes: 1_000, maxBytes: 0, systemBytes: 1_000_000, fragmentationRatio: 1 },
    persistence: [{ kind: "rdb", ok: true }],
    replicationOk: true,
    connectedReplicas: 0,
    evictedKeys: 0,
  },
  controls: { rateLimit: { enabled: false, perSecond: 0 }, expressBypass: false, paused: [] },
  unservedTypes: [],
};

/** An in-memory service behind the ports of the HTTP API. It stores tasks and never runs them. */
export class MemoryService {
  readonly submitted: TaskRequest[] = [];
  readonly views = new Map<string, TaskView>();
  readonly deadLetters = new Map<string, DeadLetter>();
  readonly invalid: string[] = [];
  /** The counted requests: route and cause. */
  readonly counted: string[] = [];
  readonly submissionSeconds: [outcome: string, seconds: number][] = [];
  readonly paused = new Set<string>();
  readonly audited: object[] = [];
  readonly logged: { fields: object; message: string }[] = [];
  readonly wanted = new Map([
    ["reasoning", 2],
    ["free", 2],
  ]);
  rateLimit = { enabled: false, perSecond: 0 };
  expressBypass = false;
  /** Unaccounted tasks of every lane. */
  unaccounted = 0;
  level = "info";
  ready = true;
  /** If set, submissions throw this error. */
  refusal: Error | undefined;

  readonly types: HttpPorts["types"] = new Map([
    ["reasoning", { schema: z.strictObject({ prompt: z.string().min(1) }) }],
    ["free", {}],
  ]);

  readonly ports: HttpPorts = {
    submission: { submit: async (tasks) => this.#submit(tasks) },
    lookup: {
      find: async (id) => this.views.get(id),
      explain: async (id) => {
        const task = this.views.get(id);
        const ahead = { count: 1, atLeast: false };
        return task && { task, summary: "Waits for a free worker.", ahead, paused: false };
      },
    },
    deadLetters: {
      list: async ({ limit, cursor, type, reason }) => {
        const all = [...this.deadLetters.values()].filter(
          (letter) => (type ?? letter.type) === letter.type && (reason ?? letter.reason) === letter.reason,
        );
        const start = cursor === undefined ? 0 : all.findIndex(({ id }) => id === cursor) + 1;
        const items = all.slice(start, start + limit);
        return { items, nextCursor: start + limit < all.length ? items.at(-1)?.id : undefined };
      },
      get: async (id) => this.deadLetters.get(id),
      retry: async (id) => this.#take(id),
      retryWhere: async (filter) => this.#takeWhere(filter),
      discardWhere: async (filter) => this.#takeWhere(filter),
      discard: async (id) => this.#take(id),
    },
    switches: {
      read: async () => ({
        rateLimit: this.rateLimit,
        expressBypass: this.expressBypass,
        paused: [...this.paused],
      }),
      enableRateLimit: async (perSecond = 0) => {
        this.rateLimit = { enabled: true, perSecond };
      },
      disableRateLimit: async () => {
        this.rateLimit = { enabled: false, perSecond: 0 };
      },
      setExpressBypass: async (on) => {
        this.expressBypass = on;
      },
      pause: async (type) => {
        this.paused.add(type);
      },
      resume: async (type) => {
        this.paused.delete(type);
      },
    },
    supervisor: {
      status: () => [WORKER],
      wanted: (type) => this.wanted.get(type) ?? 0,
      scale: (type, count) => {
        this.wanted.set(type, count);
      },
    },
    queues: { read: async () => QUEUES },
    accounting: {
      writeOff: async (type, lane, count) => {
        if (!this.types.has(type)) throw new NotFoundError("task type", type);
        if (count !== this.unaccounted) throw new AccountingChangedError(`${type} ${lane}`, count, this.unaccounted);
        this.unaccounted = 0;
      },
    },
    readiness: {
      check: async () => ({
        ready: this.ready,
        healthy: this.ready,
        checks: [{ name: "redis", ok: this.ready, detail: this.ready ? "answers" : "Redis connection refused" }],
      }),
    },
    metrics: {
      scrape: async (accept: string) => ({
        contentType: accept || "text/plain; version=0.0.4; charset=utf-8",
        body: "mcp_redis_up 1\n",
      }),
    },
    logLevel: {
      get: () => this.level,
      set: (level) => {
        this.level = level;
      },
    },
    types: this.types,
    telemetry: {
      invalid: (type, lane) => this.invalid.push(`${type} ${lane}`),
      http: () => ({
        request: (route, cause) => this.counted.push(`${route} ${cause}`),
        submission: (outcome, seconds) => this.submissionSeconds.push([outcome, seconds]),
      }),
    },
  };

  /** Creates the HTTP API for this service. */
  server(
    settings: Partial<HttpSettings> = {},
    options: Pick<ServerDeps, "timeouts" | "maxConnections" | "maxBodyBytesInFlight"> = {},
  ): FastifyInstance {
    const log = (fields: object, message: string) => this.logged.push({ fields, message });
    return createServer({
      ...this.ports,
      ...options,
      settings: { maxPayloadBytes: MAX_PAYLOAD_BYTES, adminWithoutToken: true, ...settings },
      log: { error: log, warn: log, info: log },
      audit: { info: (fields) => this.audited.push(fields) },
      version: "0.0.0-test",
    });
  }

  #submit(tasks: readonly TaskRequest[]): Receipt[] {
    if (this.refusal !== undefined) throw this.refusal;
    return tasks.map((task) => {
      const lane = laneOf(task.priority);
      const duplicate = this.submitted.some(({ taskId }) => taskId !== undefined && taskId === task.taskId);
      if (!duplicate) this.submitted.push(task);
      const taskId = task.taskId ?? `${task.type}.${lane}.1717171717171-${this.submitted.length}`;
      return { taskId, type: task.type, lane, status: "queued", duplicate };
    });
  }

  #takeWhere({ type, reason }: DeadLetterFilter): number {
    const found = [...this.deadLetters.values()].filter(
      (letter) => (type ?? letter.type) === letter.type && (reason ?? letter.reason) === letter.reason,
    );
    for (const { id } of found) this.deadLetters.delete(id);
    return found.length;
  }

  #take(id: string): void {
    if (!this.deadLetters.delete(id)) throw new NotFoundError("dead letter", id);
  }
}
