import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { problems } from "../openapi.ts";
import type { HttpPorts } from "../ports.ts";
import { queuesSchema, readinessSchema, workersSchema } from "./stateSchemas.ts";
import { snakeCased } from "./views.ts";

/** Workers, queues, health and metrics. Read-only, without a token. */
export function stateRoutes(server: FastifyInstance, ports: HttpPorts): void {
  const { supervisor, queues, readiness, metrics, types } = ports;
  const typed = server.withTypeProvider<ZodTypeProvider>();

  typed.get(
    "/api/v1/workers/status",
    {
      schema: {
        tags: ["state"],
        operationId: "getWorkers",
        summary: "The workers of this replica, and why a type starts no tasks",
        response: { 200: workersSchema, ...problems(421) },
      },
    },
    async () => {
      const workers = supervisor.status();
      return {
        types: [...types.keys()].map((type) => {
          const own = workers.filter((worker) => worker.type === type);
          return {
            type,
            wanted: supervisor.wanted(type),
            active: own.filter(({ active }) => active).length,
            paused: [...new Set(own.map(({ paused }) => paused).filter((reason) => reason !== ""))],
          };
        }),
        workers: snakeCased(workers),
      };
    },
  );

  typed.get(
    "/api/v1/queues",
    {
      schema: {
        tags: ["state"],
        operationId: "getQueues",
        summary: "Depth, pending, lag and oldest age of each queue",
        response: { 200: queuesSchema, ...problems(421, 503) },
      },
    },
    async () => snakeCased(await queues.read()),
  );

  typed.get(
    "/healthz",
    {
      schema: {
        tags: ["operations"],
        operationId: "getHealth",
        summary: "Whether the process is alive; does not check Redis",
        response: { 200: z.object({ status: z.literal("ok") }), ...problems(421) },
      },
    },
    async () => ({ status: "ok" as const }),
  );

  typed.get(
    "/readyz",
    {
      schema: {
        tags: ["operations"],
        operationId: "getReadiness",
        summary: "Whether this replica can answer requests, and why not",
        response: { 200: readinessSchema, 503: readinessSchema, ...problems(421) },
      },
    },
    async (_request, reply) => {
      const report = await readiness.check();
      reply.code(report.ready ? 200 : 503);
      return { ...report, checks: [...report.checks] };
    },
  );

  typed.get(
    "/metrics",
    {
      schema: {
        tags: ["operations"],
        operationId: "getMetrics",
        summary: "Metrics for Prometheus",
        response: {
          200: {
            description:
              "The metrics, in the text format of Prometheus, or in OpenMetrics where the client prefers it.",
            content: {
              "text/plain": { schema: z.string() },
              "application/openmetrics-text": { schema: z.string() },
            },
          },
          ...problems(421),
        },
      },
    },
    async (request, reply) => {
      const { contentType, body } = await metrics.scrape(request.headers.accept ?? "");
      reply.header("content-type", contentType);
      return body;
    },
  );
}
