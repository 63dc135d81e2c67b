import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { problems } from "./openapi.ts";
import type { HttpPorts } from "./ports.ts";
import { snakeCased } from "./views.ts";

/** Workers, queues, health and metrics: read only, and never dependent on a token. */
export function stateRoutes(server: FastifyInstance, ports: HttpPorts): void {
  const { supervisor, queues, readiness, metrics, types } = ports;

  server.get(
    "/api/v1/workers/status",
    {
      schema: {
        tags: ["state"],
        operationId: "getWorkers",
        summary: "Every worker of this replica, and why a type is not worked on",
        response: {
          200: z.object({
            types: z.array(
              z.object({
                type: z.string(),
                wanted: z.int(),
                active: z.int(),
                paused: z.array(z.string()).describe("Why its workers take no tasks right now."),
              }),
            ),
            workers: z.array(z.looseObject({ type: z.string(), active: z.boolean(), paused: z.string() })),
          }),
        },
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

  server.get(
    "/api/v1/queues",
    {
      schema: {
        tags: ["state"],
        operationId: "getQueues",
        summary: "Depth, pending, lag and oldest age of every queue",
        response: { 200: z.looseObject({}), ...problems(503) },
      },
    },
    async () => snakeCased(await queues.read()),
  );

  server.get(
    "/healthz",
    {
      schema: {
        tags: ["operations"],
        operationId: "getHealth",
        summary: "Is the process alive? Says nothing of Redis",
        response: { 200: z.object({ status: z.literal("ok") }) },
      },
    },
    async () => ({ status: "ok" }),
  );

  const readinessSchema = z.object({
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
  });
  server.get(
    "/readyz",
    {
      schema: {
        tags: ["operations"],
        operationId: "getReadiness",
        summary: "Can this replica answer requests, and if not, why?",
        response: { 200: readinessSchema, 503: readinessSchema },
      },
    },
    async (_request, reply) => {
      const report = await readiness.check();
      reply.code(report.ready ? 200 : 503);
      return report;
    },
  );

  server.get(
    "/metrics",
    { schema: { tags: ["operations"], operationId: "getMetrics", summary: "Metrics for Prometheus" } },
    async (_, reply) => {
      reply.header("content-type", metrics.contentType);
      return metrics.render();
    },
  );
}
