import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { validatorCompiler } from "fastify-type-provider-zod";
import { messageOf } from "../errors.ts";
import { adminAuth } from "./adminAuth.ts";
import { adminRoutes } from "./adminRoutes.ts";
import { hostCheck } from "./allowedHosts.ts";
import { allowedMethods } from "./allowedMethods.ts";
import { auditActions } from "./auditLog.ts";
import { limitBodies } from "./bodyBudget.ts";
import { deadLetterRoutes } from "./deadLetterRoutes.ts";
import { problemOf } from "./errorMapping.ts";
import { acceptJson } from "./jsonBody.ts";
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
import { causeOf, countRequests } from "./requestCounts.ts";
import { answerClientError } from "./slowClients.ts";
import { stateRoutes } from "./stateRoutes.ts";
import { taskRoutes } from "./taskRoutes.ts";

export type ServerDeps = HttpPorts & {
  readonly settings: HttpSettings;
  readonly log: HttpLog;
  /** Gets a line for each admin action. */
  readonly audit: Pick<HttpLog, "info">;
  readonly version: string;
  readonly timeouts?: ClientTimeouts;
};

/** Seconds after which a caller may expect another replica, or this one restarted, to answer. */
const SHUTDOWN_RETRY_AFTER_SECONDS = 5;

/**
 * Builds the HTTP API; the caller listens and closes. `close()` refuses new requests with 503 and waits for those
 * under way.
 */
export function createServer(deps: ServerDeps): FastifyInstance {
  const { settings, log, timeouts = CLIENT_TIMEOUTS } = deps;
  const cells = deps.telemetry.http();
  const server = fastify({
    // Requests are counted by metrics; a line for each would cost more than the work.
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
      if (status !== undefined) cells.request("other", causeOf(status, ""));
    },
    frameworkErrors: (error, request, reply) => answer(error, request, reply),
  });
  const methodsOf = allowedMethods(server);
  countRequests(server, cells);
  server.setValidatorCompiler(validatorCompiler);
  // The views have the shapes that the schemas document; checking each answer again would double its cost.
  server.setSerializerCompiler(() => JSON.stringify);
  acceptJson(server);
  limitBodies(server, MAX_BODY_BYTES_IN_FLIGHT);
  server.server.maxConnections = MAX_CONNECTIONS;
  describeApi(server, deps.version);

  function answer(error: unknown, request: FastifyRequest, reply: FastifyReply) {
    let found = problemOf(error);
    if (found === undefined) {
      log.error({ err: error, method: request.method, url: request.url }, `Request failed: ${messageOf(error)}`);
      found = new HttpProblem(500, "INTERNAL", "The service failed to answer; its log says why.");
    }
    reply.problemCode = found.code;
    const { headers, ...options } = found.options;
    reply.code(found.status).type(PROBLEM_TYPE);
    if (headers !== undefined) reply.headers(headers);
    if (options.retryAfterSeconds !== undefined) reply.header("retry-after", options.retryAfterSeconds);
    const instance = request.url.split("?", 1)[0];
    // Serialized here: a problem is the same for all routes, whatever their schemas say.
    return reply.send(JSON.stringify(problem(found.status, found.code, found.message, { ...options, instance })));
  }
  server.setErrorHandler(answer);
  server.setNotFoundHandler((request, reply) => {
    const path = request.url.split("?", 1)[0] ?? "";
    const allow = methodsOf(path);
    const found =
      allow.length === 0
        ? new HttpProblem(404, "ROUTE_NOT_FOUND", `There is nothing at ${path}; /openapi.json lists what there is.`)
        : new HttpProblem(405, "METHOD_NOT_ALLOWED", `${path} does not answer to ${request.method}.`, {
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

  // A connection that stays open would hold up the end of the server, also that of a request that was under way.
  server.addHook("onSend", (_request, reply, _payload, done) => {
    if (closing) reply.header("connection", "close");
    done();
  });

  // Plugins run in order: the description must see every route.
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
