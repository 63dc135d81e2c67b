import swagger from "@fastify/swagger";
import type { FastifyInstance } from "fastify";
import { jsonSchemaTransform, jsonSchemaTransformObject } from "fastify-type-provider-zod";
import { z } from "zod";
import { PROBLEM_TYPE } from "./problem.ts";

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().describe("Stable name of the problem, for programs."),
    instance: z.string().optional(),
    retry_after_seconds: z.int().optional(),
    errors: z
      .array(
        z.object({
          index: z.int().optional().describe("Position in the batch."),
          path: z.string(),
          message: z.string(),
        }),
      )
      .optional(),
    errors_omitted: z.int().optional(),
  })
  .meta({
    id: "Problem",
    description: "A problem document (RFC 9457).",
    examples: [
      {
        type: "urn:mcp-orchestrator:problem:task-invalid",
        title: "Unprocessable Entity",
        status: 422,
        detail: "Nothing was enqueued: the submission has invalid fields.",
        code: "TASK_INVALID",
        instance: "/api/v1/tasks/batch",
        errors: [{ index: 3, path: "priority", message: "Too big: expected number to be <=100" }],
      },
    ],
  });

const MEANINGS = {
  400: "The body is not JSON.",
  401: "The bearer token is missing or wrong.",
  403: "The admin API is disabled: no admin token is configured.",
  404: "Not found.",
  409: "A different task has this id, or the state has changed meanwhile.",
  413: "The payload, body or batch is too large.",
  415: "The body must be application/json.",
  421: "The service does not answer to this host name (ALLOWED_HOSTS).",
  422: "The request has invalid fields.",
  429: "The rate limit rejects the submission; see Retry-After.",
  503: "The service is overloaded, or Redis is not available; see Retry-After.",
} as const;

/** Response schemas of problems, by status. */
export function problems(...statuses: (keyof typeof MEANINGS)[]) {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: MEANINGS[status], content: { [PROBLEM_TYPE]: { schema: problemSchema } } },
    ]),
  );
}

/** Schema of an endpoint that needs the admin token. */
export const ADMIN = { tags: ["admin"], security: [{ adminToken: [] }] } as const;

/**
 * Removes duplicate components. The library emits each schema twice, as `Name` for responses and `NameInput` for requests.
 * This removes the one without references and renames the other to `Name`.
 */
function oneSchemaEach(document: ReturnType<typeof jsonSchemaTransformObject>) {
  if (!("components" in document)) return document;
  const schemas = document.components?.schemas ?? {};
  const ref = (name: string) => `"$ref":"#/components/schemas/${name}"`;
  const text = (value: unknown) => JSON.stringify(value);
  const used = new Set<string>();
  const use = (within: string) => {
    for (const name of Object.keys(schemas)) {
      if (used.has(name) || !within.includes(ref(name))) continue;
      used.add(name);
      use(text(schemas[name]));
    }
  };
  use(text(document.paths));
  const names = new Map([...used].map((name) => [name, name.replace(/Input$/, "")]));
  const kept = Object.fromEntries([...names].map(([name, plain]) => [plain, schemas[name]]));
  let renamed = text({ ...document, components: { ...document.components, schemas: kept } });
  for (const [name, plain] of names) renamed = renamed.replaceAll(ref(name), ref(plain));
  return JSON.parse(renamed) as typeof document;
}

/** Serves the API description at `/openapi.json`. Must be called before the routes are added. */
export function describeApi(server: FastifyInstance, version: string): void {
  server.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "mcp-orchestrator",
        version,
        description: "Task orchestrator on Redis Streams. Errors are problem documents (RFC 9457).",
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      servers: [{ url: "/", description: "The replica that serves this description." }],
      // Operations need no token by default.
      security: [],
      tags: [
        { name: "tasks", description: "Submit tasks and follow them" },
        { name: "state", description: "Workers, queues and dead letters" },
        { name: "admin", description: "Runtime switches and repairs" },
        { name: "operations", description: "Health and metrics" },
      ],
      components: {
        securitySchemes: {
          adminToken: {
            type: "http",
            scheme: "bearer",
            description: "The token of ADMIN_TOKEN_FILE.",
          },
        },
      },
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => oneSchemaEach(jsonSchemaTransformObject(document)),
  });
  server.get("/openapi.json", { schema: { hide: true } }, () => server.swagger());
}
