import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { MAX_WORKERS_PER_TYPE } from "../../config/serviceSettings.ts";
import { NotFoundError } from "../../errors.ts";
import { LANES } from "../../metrics/contract.ts";
import { ADMIN, problems } from "../openapi.ts";
import type { HttpPorts } from "../ports.ts";
import { rateLimitSchema } from "./stateSchemas.ts";

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

const bypassSchema = z
  .object({ enabled: z.boolean().describe("True while express tasks take the regular lane.") })
  .meta({ id: "ExpressBypass" });
const pausedSchema = z.object({ type: z.string(), paused: z.boolean() }).meta({ id: "TypePause" });
const denied = problems(401, 403, 422, 503);

/** The runtime switches. They apply to all replicas, except the number of workers and the log level. */
export function adminRoutes(admin: FastifyInstance, ports: HttpPorts): void {
  const typed = admin.withTypeProvider<ZodTypeProvider>();
  const { accounting, switches, supervisor, logLevel, types } = ports;

  async function rateLimit() {
    const { enabled, perSecond } = (await switches.read()).rateLimit;
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
          .describe("Without `per_second`, RATE_LIMIT_PER_SECOND applies; if that is 0, all new tasks are rejected."),
        response: { 200: rateLimitSchema, ...denied },
      },
    },
    async ({ body }) => {
      await switches.enableRateLimit(body?.per_second);
      return rateLimit();
    },
  );
  typed.post(
    "/api/v1/admin/rate-limit/disable",
    {
      schema: {
        ...ADMIN,
        operationId: "disableRateLimit",
        summary: "Remove the rate limit",
        response: { 200: rateLimitSchema, ...denied },
      },
    },
    async () => {
      await switches.disableRateLimit();
      return rateLimit();
    },
  );

  typed.get(
    "/api/v1/admin/express-bypass",
    {
      schema: {
        ...ADMIN,
        operationId: "getExpressBypass",
        summary: "Whether express tasks take the regular lane",
        response: { 200: bypassSchema, ...denied },
      },
    },
    async () => ({ enabled: (await switches.read()).expressBypass }),
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
        await switches.setExpressBypass(enabled);
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
          summary: paused ? "Pause a type: its tasks stay queued" : "Resume a type",
          params: z.object({ type: z.string().meta({ examples: ["reasoning"] }) }),
          response: { 200: pausedSchema, ...denied, ...problems(404) },
        },
      },
      async ({ params: { type } }) => {
        if (!types.has(type)) throw new NotFoundError("task type", type);
        await (paused ? switches.pause(type) : switches.resume(type));
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

  const writtenOffSchema = z
    .strictObject({
      type: z.string(),
      lane: z.enum(LANES),
      count: z.int().describe("The value of `unaccounted` in /api/v1/queues; negative if tasks were counted twice."),
    })
    .meta({ id: "WriteOff", examples: [{ type: "ml", lane: "regular", count: 1 }] });
  typed.post(
    "/api/v1/admin/books/write-off",
    {
      schema: {
        ...ADMIN,
        operationId: "writeOffTasks",
        summary: "Write off lost tasks, so that task accounting matches again; does not restore them",
        body: writtenOffSchema,
        response: { 200: writtenOffSchema, ...denied, ...problems(400, 404, 409, 415) },
      },
    },
    async ({ body: { type, lane, count } }) => {
      await accounting.writeOff(type, lane, count);
      return { type, lane, count };
    },
  );

  const levelSchema = z
    .strictObject({ level: z.enum(LOG_LEVELS) })
    .meta({ id: "LogLevel", examples: [{ level: "debug" }] });
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
