import { expect, test } from "vitest";
import { MemoryService } from "./testing/memoryPorts.ts";

type Operation = {
  readonly tags: readonly string[];
  readonly operationId: string;
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
  readonly requestBody?: object;
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly required?: boolean }[];
  readonly security?: readonly object[];
};

const describeApi = async () => (await new MemoryService().server().inject("/openapi.json")).json();

/** Names and answers of all operations, on which generated clients depend. `!` marks a required body or parameter. */
const OPERATIONS = {
  "POST /api/v1/tasks": "tasks submitTask body -> 200 202 400 409 413 415 422 429 503",
  "POST /api/v1/tasks/batch": "tasks submitTasks body -> 202 400 409 413 415 422 429 503",
  "GET /api/v1/tasks/{id}": "tasks getTask path:id! -> 200 404 503",
  "GET /api/v1/tasks/{id}/explain": "tasks explainTask path:id! -> 200 404 503",
  "GET /api/v1/workers/status": "state getWorkers -> 200 421",
  "GET /api/v1/queues": "state getQueues -> 200 421 503",
  "GET /api/v1/dlq": "state listDeadLetters query:type query:reason query:cursor query:limit -> 200 422 503",
  "GET /api/v1/dlq/{id}": "state getDeadLetter path:id! -> 200 404 422 503",
  "GET /healthz": "operations getHealth -> 200 421",
  "GET /readyz": "operations getReadiness -> 200 421 503",
  "GET /metrics": "operations getMetrics -> 200 421",
  "GET /api/v1/admin/rate-limit": "admin getRateLimit token -> 200 401 403 422 503",
  "POST /api/v1/admin/rate-limit/enable": "admin enableRateLimit body token -> 200 401 403 422 503",
  "POST /api/v1/admin/rate-limit/disable": "admin disableRateLimit token -> 200 401 403 422 503",
  "GET /api/v1/admin/express-bypass": "admin getExpressBypass token -> 200 401 403 422 503",
  "POST /api/v1/admin/express-bypass/enable": "admin enableExpressBypass token -> 200 401 403 422 503",
  "POST /api/v1/admin/express-bypass/disable": "admin disableExpressBypass token -> 200 401 403 422 503",
  "POST /api/v1/admin/types/{type}/pause": "admin pauseType path:type! token -> 200 401 403 404 422 503",
  "POST /api/v1/admin/types/{type}/resume": "admin resumeType path:type! token -> 200 401 403 404 422 503",
  "POST /api/v1/admin/workers/scale": "admin scaleWorkers body token -> 200 400 401 403 404 415 422 503",
  "POST /api/v1/admin/books/write-off": "admin writeOffTasks body token -> 200 400 401 403 404 409 415 422 503",
  "GET /api/v1/admin/log-level": "admin getLogLevel token -> 200 401 403 422 503",
  "PUT /api/v1/admin/log-level": "admin setLogLevel body token -> 200 400 401 403 415 422 503",
  "POST /api/v1/admin/dlq/{id}/retry": "admin retryDeadLetter path:id! token -> 200 401 403 404 422 503",
  "POST /api/v1/admin/dlq/retry": "admin retryDeadLetters body token -> 200 400 401 403 415 422 503",
  "POST /api/v1/admin/dlq/discard": "admin discardDeadLetters body token -> 200 400 401 403 415 422 503",
  "DELETE /api/v1/admin/dlq/{id}": "admin discardDeadLetter path:id! token -> 204 401 403 404 422 503",
};

test("describes each operation with its tag, name, input and answers", async () => {
  const { paths } = await describeApi();
  const operations = Object.entries<Record<string, Operation>>(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, { tags, operationId, responses, requestBody, parameters = [], security }]) => {
        const input = parameters.map(
          ({ in: place, name, required }) => `${place}:${name}${required === true ? "!" : ""}`,
        );
        if (requestBody !== undefined) input.push("body");
        if (security !== undefined) input.push("token");
        const words = [...tags, operationId, ...input, "->", ...Object.keys(responses)];
        return [`${method.toUpperCase()} ${path}`, words.join(" ")];
      },
    ),
  );
  expect(Object.fromEntries(operations)).toEqual(OPERATIONS);
});

test("requires the bearer token only for admin operations", async () => {
  const { security, components, paths } = await describeApi();
  expect(security).toEqual([]);
  expect(components.securitySchemes).toEqual({
    adminToken: { type: "http", scheme: "bearer", description: expect.stringContaining("ADMIN_TOKEN_FILE") },
  });
  expect(paths["/api/v1/admin/dlq/retry"].post.security).toEqual([{ adminToken: [] }]);
});

test("has title and version, and exactly one used schema per object", async () => {
  const { info, servers, tags, components, paths } = await describeApi();
  expect(info).toMatchObject({
    title: "mcp-orchestrator",
    version: "0.0.0-test",
    license: { identifier: "Apache-2.0" },
  });
  expect(servers).toMatchObject([{ url: "/" }]);
  expect(tags.map(({ name }: { name: string }) => name)).toEqual(["tasks", "state", "admin", "operations"]);
  expect(Object.keys(components.schemas).toSorted()).toEqual([
    "Accepted",
    "Batch",
    "DeadLetter",
    "DeadLetterPage",
    "Explanation",
    "ExpressBypass",
    "LogLevel",
    "Problem",
    "Queue",
    "Queues",
    "RateLimit",
    "Readiness",
    "Receipt",
    "RedisServer",
    "Retried",
    "Task",
    "TaskState",
    "TypePause",
    "Worker",
    "Workers",
    "WriteOff",
  ]);
  const text = JSON.stringify({ paths, components });
  for (const name of Object.keys(components.schemas)) expect(text).toContain(`"#/components/schemas/${name}"`);
  expect(text.match(/"#\/components\/schemas\/\w*Input"/)).toBeNull();
  const inline: string[] = text.match(/\{"type":"object","properties":\{(?:[^{}]|\{[^{}]*\})*\}/g) ?? [];
  expect(inline.filter((schema, index) => inline.indexOf(schema) < index)).toEqual([]);
  const { content } = paths["/api/v1/tasks"].post.responses["422"];
  expect(content["application/problem+json"].schema).toEqual({ $ref: "#/components/schemas/Problem" });
});

test("does not describe /openapi.json itself", async () => {
  expect((await describeApi()).paths).not.toHaveProperty("/openapi.json");
});
