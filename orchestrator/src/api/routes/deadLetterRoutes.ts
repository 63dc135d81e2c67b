import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { NotFoundError } from "../../errors.ts";
import { FAILURE_REASONS, LANES } from "../../metrics/contract.ts";
import type { DeadLetterFilter } from "../../queue/inspect/deadLetters.ts";
import { ADMIN, problems } from "../openapi.ts";
import type { HttpPorts } from "../ports.ts";
import { deadLetterJson, sendJson } from "./views.ts";

const streamId = z.string().regex(/^\d{1,15}-\d{1,15}$/, "must be a stream id such as 1717171717171-0");
const idParams = z.object({ id: streamId.meta({ examples: ["1717171717171-0"] }) });

const filterFields = {
  type: z.string().optional().describe("Only of this task type."),
  reason: z.enum(FAILURE_REASONS).optional().describe("Only of this failure reason."),
};

const deadLetterSchema = z
  .object({
    id: z.string(),
    task_id: z.string(),
    type: z.string(),
    lane: z.enum(LANES),
    reason: z.enum(FAILURE_REASONS),
    error: z.string(),
    attempts: z.int(),
    priority: z.int(),
    payload: z.unknown(),
    stream: z.string(),
    entry_id: z.string(),
    failed_at_ms: z.number(),
    history: z.array(z.object({ reason: z.enum(FAILURE_REASONS), error: z.string(), failed_at_ms: z.number() })),
  })
  .meta({ id: "DeadLetter" });
const retriedSchema = z.object({ retried: z.int() }).meta({ id: "Retried" });

/** Dead letters. Every client may read them, like tasks; administrators retry and discard them. */
export function deadLetterRoutes(server: FastifyInstance, { deadLetters }: HttpPorts, admin: FastifyInstance): void {
  const typed = server.withTypeProvider<ZodTypeProvider>();
  const typedAdmin = admin.withTypeProvider<ZodTypeProvider>();

  typed.get(
    "/api/v1/dlq",
    {
      schema: {
        tags: ["state"],
        operationId: "listDeadLetters",
        summary: "List dead letters, newest first",
        querystring: z.strictObject({
          ...filterFields,
          cursor: streamId.optional().describe("`next_cursor` of the previous page."),
          limit: z.coerce.number().int().min(1).max(1000).default(50),
        }),
        response: {
          200: z
            .object({ items: z.array(deadLetterSchema), next_cursor: z.string().optional() })
            .meta({ id: "DeadLetterPage" }),
          ...problems(422, 503),
        },
      },
    },
    async ({ query: { type, reason, cursor, limit } }, reply) => {
      const page = await deadLetters.list({
        limit,
        ...filterOf({ type, reason }),
        ...(cursor === undefined ? {} : { cursor }),
      });
      const next = page.nextCursor === undefined ? "" : `,"next_cursor":${JSON.stringify(page.nextCursor)}`;
      return sendJson(reply, `{"items":[${page.items.map(deadLetterJson).join(",")}]${next}}`);
    },
  );

  typed.get(
    "/api/v1/dlq/:id",
    {
      schema: {
        tags: ["state"],
        operationId: "getDeadLetter",
        summary: "One dead letter",
        params: idParams,
        response: { 200: deadLetterSchema, ...problems(404, 422, 503) },
      },
    },
    async ({ params: { id } }, reply) => {
      const letter = await deadLetters.get(id);
      if (letter === undefined) throw new NotFoundError("dead letter", id);
      return sendJson(reply, deadLetterJson(letter));
    },
  );

  typedAdmin.post(
    "/api/v1/admin/dlq/:id/retry",
    {
      schema: {
        ...ADMIN,
        operationId: "retryDeadLetter",
        summary: "Put a dead letter back into its queue; its history is kept",
        params: idParams,
        response: { 200: retriedSchema, ...problems(401, 403, 404, 422, 503) },
      },
    },
    async ({ params: { id } }) => {
      await deadLetters.retry(id);
      return { retried: 1 };
    },
  );

  typedAdmin.post(
    "/api/v1/admin/dlq/retry",
    {
      schema: {
        ...ADMIN,
        operationId: "retryDeadLetters",
        summary: "Put all matching dead letters back into their queues; an empty filter matches all",
        body: z.strictObject(filterFields).meta({ examples: [{ reason: "upstream" }] }),
        response: { 200: retriedSchema, ...problems(400, 401, 403, 415, 422, 503) },
      },
    },
    async ({ body }) => ({ retried: await deadLetters.retryWhere(filterOf(body)) }),
  );

  typedAdmin.post(
    "/api/v1/admin/dlq/discard",
    {
      schema: {
        ...ADMIN,
        operationId: "discardDeadLetters",
        summary: "Discard all matching dead letters for good",
        body: z
          .strictObject({
            ...filterFields,
            all: z.literal(true).optional().describe("Required without a filter."),
          })
          .refine(({ type, reason, all }) => (all === true) !== (type !== undefined || reason !== undefined), {
            error: "set type, reason or both; or set all to true",
          })
          .meta({ examples: [{ reason: "validation" }] }),
        response: { 200: z.object({ discarded: z.int() }), ...problems(400, 401, 403, 415, 422, 503) },
      },
    },
    async ({ body }) => ({ discarded: await deadLetters.discardWhere(filterOf(body)) }),
  );

  typedAdmin.delete(
    "/api/v1/admin/dlq/:id",
    {
      schema: {
        ...ADMIN,
        operationId: "discardDeadLetter",
        summary: "Discard a dead letter for good",
        params: idParams,
        response: { 204: z.undefined().describe("Discarded."), ...problems(401, 403, 404, 422, 503) },
      },
    },
    async ({ params: { id } }, reply) => {
      await deadLetters.discard(id);
      return reply.code(204).send();
    },
  );
}

function filterOf(given: { [K in keyof DeadLetterFilter]?: DeadLetterFilter[K] | undefined }): DeadLetterFilter {
  return {
    ...(given.type === undefined ? {} : { type: given.type }),
    ...(given.reason === undefined ? {} : { reason: given.reason }),
  };
}
