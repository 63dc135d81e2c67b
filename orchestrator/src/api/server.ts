import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { validatorCompiler } from "fastify-type-provider-zod";
import { messageOf } from "../errors.ts";
import { problemOf } from "./errorMapping.ts";
import { adminAuth } from "./hooks/adminAuth.ts";
import { hostCheck } from "./hooks/allowedHosts.ts";
import { allowedMethods } from "./hooks/allowedMethods.ts";
import { auditActions } from "./hooks/auditLog.ts";
import { limitBodies } from "./hooks/bodyBudget.ts";
import { acceptJson } from "./hooks/jsonBody.ts";
import { causeOf, countRequests } from "./hooks/requestCounts.ts";
import { answerClientError } from "./hooks/slowClients.ts";
import {
  CLIENT_TIMEOUTS,
  type ClientTimeouts,
  MAX_BODY_BYTES_IN_FLIGHT,
  MAX_CONNECTIONS,
  MAX_HEADER_BYTES,
  MAX_PARAM_LENGTH,
  SMALL_BODY_BYTES,
} from "./limits.ts";
import { describeApi } from "./openapi.ts";
import type { HttpLog, HttpPorts, HttpSettings } from "./ports.ts";
import { HttpProblem, PROBLEM_TYPE, problem } from "./problem.ts";
import { adminRoutes } from "./routes/adminRoutes.ts";
import { deadLetterRoutes } from "./routes/deadLetterRoutes.ts";
import { stateRoutes } from "./routes/stateRoutes.ts";
import { taskRoutes } from "./routes/taskRoutes.ts";

export type ServerDeps = HttpPorts & {
  readonly settings: HttpSettings;
  readonly log: HttpLog;
  /** Receives one line per admin action. */
  readonly audit: Pick<HttpLog, "info">;
  readonly version: string;
  readonly timeouts?: ClientTimeouts;
  readonly maxConnections?: number;
  readonly maxBodyBytesInFlight?: number;
};

/** After this time, another replica or the restarted one usually answers. */
const SHUTDOWN_RETRY_AFTER_SECONDS = 5;

/**
 * Creates the HTTP API. The caller listens and closes. `close()` rejects new requests with 503 and waits for requests in
 * progress.
 */
export function createServer(deps: ServerDeps): FastifyInstance {
  const { settings, log, timeouts = CLIENT_TIMEOUTS, maxConnections = MAX_CONNECTIONS } = deps;
  const { maxBodyBytesInFlight = MAX_BODY_BYTES_IN_FLIGHT } = deps;
  const counters = deps.telemetry.http();
  const server = fastify({
    // Metrics count requests. A log line for each would be more expensive than the request.
    logger: false,
    bodyLimit: SMALL_BODY_BYTES,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    requestTimeout: timeouts.requestMs,
    connectionTimeout: timeouts.idleMs,
    keepAliveTimeout: timeouts.keepAliveMs,
    forceCloseConnections: "idle",
    return503OnClosing: false,
    trustProxy: false,
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: timeouts.headersMs,
      connectionsCheckingInterval: timeouts.checkIntervalMs,
    },
    clientErrorHandler: (error, socket) => {
      const status = answerClientError(error, socket);
      if (status !== undefined) counters.request("other", causeOf(status, ""));
    },
    frameworkErrors: (error, request, reply) => answer(error, request, reply),
  });
  const methodsOf = allowedMethods(server);
  countRequests(server, counters);
  server.setValidatorCompiler(validatorCompiler);
  // The views already match the schemas. Checking each answer would double its cost.
  server.setSerializerCompiler(() => JSON.stringify);
  acceptJson(server);
  limitBodies(server, maxBodyBytesInFlight);
  server.server.maxConnections = maxConnections;
  describeApi(server, deps.version);

  function answer(error: unknown, request: FastifyRequest, reply: FastifyReply) {
    let found = problemOf(error);
    if (found === undefined) {
      log.error({ err: error, method: request.method, url: request.url }, `Request failed: ${messageOf(error)}`);
      found = new HttpProblem(500, "INTERNAL", "The service failed to answer; its log contains the error.");
    }
    reply.problemCode = found.code;
    const { headers, ...options } = found.options;
    reply.code(found.status).type(PROBLEM_TYPE);
    if (headers !== undefined) reply.headers(headers);
    if (options.retryAfterSeconds !== undefined) reply.header("retry-after", options.retryAfterSeconds);
    const instance = request.url.split("?", 1)[0];
    // Serialized here, because problems do not depend on the schema of the route.
    return reply.send(JSON.stringify(problem(found.status, found.code, found.message, { ...options, instance })));
  }
  server.setErrorHandler(answer);
  server.setNotFoundHandler((request, reply) => {
    const path = request.url.split("?", 1)[0] ?? "";
    const allow = methodsOf(path);
    const found =
      allow.length === 0
        ? new HttpProblem(404, "ROUTE_NOT_FOUND", `No endpoint at ${path}; see /openapi.json for all endpoints.`)
        : new HttpProblem(405, "METHOD_NOT_ALLOWED", `${path} does not support ${request.method}.`, {
            headers: { allow: allow.join(", ") },
          });
    return answer(found, request, reply);
  });

  const checkHost = hostCheck(settings.allowedHosts ?? "any");
  server.addHook("onRequest", ({ headers }, _reply, done) => done(checkHost(headers.host)));

  let closing = false;
  server.addHook("preClose", async () => {
    closing = true;
  });
  server.addHook("onRequest", (_request, _reply, done) => {
    if (!closing) return done();
    const retryAfterSeconds = SHUTDOWN_RETRY_AFTER_SECONDS;
    return done(new HttpProblem(503, "SHUTTING_DOWN", "The service is shutting down.", { retryAfterSeconds }));
  });

  // An open connection would delay the end of the server, even after its request has been answered.
  server.addHook("onSend", (_request, reply, _payload, done) => {
    if (closing) reply.header("connection", "close");
    done();
  });

  // Registered as plugins, because the API description must be registered before all routes.
  server.register(async (open) => {
    taskRoutes(open, deps, settings);
    stateRoutes(open, deps);
    open.register(async (admin) => {
      auditActions(admin, deps.audit);
      admin.addHook("onRequest", adminAuth(settings));
      adminRoutes(admin, deps);
      deadLetterRoutes(open, deps, admin);
    });
  });
  return server;
}
