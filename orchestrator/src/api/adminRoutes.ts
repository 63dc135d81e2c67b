import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { MAX_WORKERS_PER_TYPE } from "../config/serviceSettings.ts";
import { NotFoundError } from "../errors.ts";
import { LANES } from "../metrics/contract.ts";
import { ADMIN, problems } from "./openapi.ts";
import type { HttpPorts } from "./ports.ts";
import { rateLimitSchema } from "./stateSchemas.ts";

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

const bypassSchema = z.object({ enabled: z.boolean().describe("Express tasks take the regular lane.") });
const pausedSchema = z.object({ type: z.string(), paused: z.boolean() });
const denied = problems(401, 403, 422, 503);

/** The switches of the service. All of them are shared by the replicas, except the worker count and the log level. */
export function adminRoutes(admin: FastifyInstance, ports: HttpPorts): void {
  const typed = admin.withTypeProvider<ZodTypeProvider>();
  const { accounting, controls, supervisor, logLevel, types } = ports;

  async function rateLimit() {
    const { enabled, perSecond } = (await controls.read()).rateLimit;
    return { enabled, per_second: perSecond };
  }

  typed.get(
    "/api/v1/admin/rate-limit",
    {
      schema: {
        ...ADMIN,
        operationId: "getRateLimit",
        summary: "The rate limit",
        response: { 200: rateLimitSchema, ...denied },
      },
    },
    rateLimit,
  );
  typed.post(
    "/api/v1/admin/rate-limit/enable",
    {
      schema: {
        ...ADMIN,
        operationId: "enableRateLimit",
        summary: "Limit submissions on all replicas",
        body: z
          .strictObject({ per_second: z.number().min(0).max(1_000_000).optional() })
          .nullish()
          .describe("Without a rate the configured one counts; where that is 0 all new tasks are refused."),
        response: { 200: rateLimitSchema, ...denied },
      },
    },
    async ({ body }) => {
      await controls.enableRateLimit(body?.per_second);
      return rateLimit();
    },
  );
  typed.post(
    "/api/v1/admin/rate-limit/disable",
    {
      schema: {
        ...ADMIN,
        operationId: "disableRateLimit",
        summary: "Lift the rate limit",
        response: { 200: rateLimitSchema, ...denied },
      },
    },
    async () => {
      await controls.disableRateLimit();
      return rateLimit();
    },
  );

  typed.get(
    "/api/v1/admin/express-bypass",
    {
      schema: {
        ...ADMIN,
        operationId: "getExpressBypass",
        summary: "Is the express lane bypassed?",
        response: { 200: bypassSchema, ...denied },
      },
    },
    async () => ({ enabled: (await controls.read()).expressBypass }),
  );
  for (const [action, enabled] of [
    ["enable", true],
    ["disable", false],
  ] as const) {
    typed.post(
      `/api/v1/admin/express-bypass/${action}`,
      {
        schema: {
          ...ADMIN,
          operationId: enabled ? "enableExpressBypass" : "disableExpressBypass",
          summary: enabled
            ? "Route express tasks to the regular lane"
            : "Route express tasks to the express lane again",
          response: { 200: bypassSchema, ...denied },
        },
      },
      async () => {
        await controls.setExpressBypass(enabled);
        return { enabled };
      },
    );
  }

  for (const [action, paused] of [
    ["pause", true],
    ["resume", false],
  ] as const) {
    typed.post(
      `/api/v1/admin/types/:type/${action}`,
      {
        schema: {
          ...ADMIN,
          operationId: paused ? "pauseType" : "resumeType",
          summary: paused ? "Stop working on a type's tasks; they stay queued" : "Work on a type's tasks again",
          params: z.object({ type: z.string().meta({ examples: ["reasoning"] }) }),
          response: { 200: pausedSchema, ...denied, ...problems(404) },
        },
      },
      async ({ params: { type } }) => {
        if (!types.has(type)) throw new NotFoundError("task type", type);
        await (paused ? controls.pause(type) : controls.resume(type));
        return { type, paused };
      },
    );
  }

  typed.post(
    "/api/v1/admin/workers/scale",
    {
      schema: {
        ...ADMIN,
        operationId: "scaleWorkers",
        summary: "Set the number of workers of a type on this replica",
        body: z
          .strictObject({ type: z.string(), count: z.int().min(0).max(MAX_WORKERS_PER_TYPE) })
          .meta({ examples: [{ type: "reasoning", count: 4 }] }),
        response: { 200: z.object({ type: z.string(), count: z.int() }), ...denied, ...problems(400, 404, 415) },
      },
    },
    async ({ body: { type, count } }) => {
      if (!types.has(type)) throw new NotFoundError("task type", type);
      supervisor.scale(type, count);
      return { type, count: supervisor.wanted(type) };
    },
  );

  const writtenOffSchema = z.strictObject({
    type: z.string(),
    lane: z.enum(LANES),
    count: z.int().describe("What `unaccounted` of /api/v1/queues shows; negative where tasks were counted twice."),
  });
  typed.post(
    "/api/v1/admin/books/write-off",
    {
      schema: {
        ...ADMIN,
        operationId: "writeOffTasks",
        summary: "Write off lost tasks: task accounting matches again; the tasks themselves do not come back",
        body: writtenOffSchema.meta({ examples: [{ type: "ml", lane: "regular", count: 1 }] }),
        response: { 200: writtenOffSchema, ...denied, ...problems(400, 404, 409, 415) },
      },
    },
    async ({ body: { type, lane, count } }) => {
      await accounting.writeOff(type, lane, count);
      return { type, lane, count };
    },
  );

  const levelSchema = z.strictObject({ level: z.enum(LOG_LEVELS) }).meta({ examples: [{ level: "debug" }] });
  typed.get(
    "/api/v1/admin/log-level",
    {
      schema: {
        ...ADMIN,
        operationId: "getLogLevel",
        summary: "The log level",
        response: { 200: levelSchema, ...denied },
      },
    },
    async () => ({ level: logLevel.get() as (typeof LOG_LEVELS)[number] }),
  );
  typed.put(
    "/api/v1/admin/log-level",
    {
      schema: {
        ...ADMIN,
        operationId: "setLogLevel",
        summary: "Change the log level of all processes of this replica",
        body: levelSchema,
        response: { 200: levelSchema, ...denied, ...problems(400, 415) },
      },
    },
    async ({ body: { level } }) => {
      logLevel.set(level);
      return { level };
    },
  );
}
