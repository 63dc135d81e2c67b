import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { REQUEST_CAUSES, type RequestCause, type RequestRoute } from "../../metrics/contract.ts";
import type { HttpCounters } from "../../metrics/telemetry.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** When its head arrived, by `performance.now()`. */
    receivedMs: number;
  }
  interface FastifyReply {
    /** Code of the problem in the answer; empty if there is none. */
    problemCode: string;
  }
}

/** Causes that do not follow from the status, by the code of the problem. */
const CAUSE_OF_CODE: Readonly<Record<string, RequestCause>> = {
  OVERLOADED: "overload",
  REDIS_UNAVAILABLE: "redis",
  SHUTTING_DOWN: "shutdown",
};
const CAUSE_OF_STATUS: Readonly<Record<number, RequestCause>> = {
  401: "denied",
  403: "denied",
  404: "not_found",
  405: "not_found",
  408: "slow_client",
  409: "conflict",
  421: "denied",
  429: "rate_limit",
  503: "not_ready",
};

/** Counts each request at its end, even if its client has disconnected, and measures the duration of submissions. */
export function countRequests(server: FastifyInstance, counters: HttpCounters): void {
  server.decorateReply("problemCode", "");
  server.decorateRequest("receivedMs", 0);
  // A request is counted once: at its answer or at the end of its connection, depending on which comes first.
  const open = new WeakSet<FastifyReply>();
  const count = (request: FastifyRequest, reply: FastifyReply, cause: RequestCause) => {
    if (!open.delete(reply)) return;
    const route = routeOf(request.routeOptions.url);
    counters.request(route, cause);
    if (route === "submit" || route === "submit_batch") {
      counters.submission(REQUEST_CAUSES[cause], reply.elapsedTime / 1000);
    }
  };
  server.addHook("onRequest", (request, reply, done) => {
    request.receivedMs = performance.now();
    open.add(reply);
    // Not `onRequestAbort`: Fastify does not call it after the body of the request has been read.
    reply.raw.once("close", () => count(request, reply, "aborted"));
    done();
  });
  server.addHook("onResponse", (request, reply, done) => {
    count(request, reply, causeOf(reply.statusCode, reply.problemCode));
    done();
  });
}

/** The cause of an answer. */
export function causeOf(status: number, code: string): RequestCause {
  if (status < 400) return "none";
  return CAUSE_OF_CODE[code] ?? CAUSE_OF_STATUS[status] ?? (status < 500 ? "invalid" : "internal");
}

/** The group of an endpoint by its URL pattern; undefined for an unknown path. */
function routeOf(url: string | undefined): RequestRoute {
  if (url === undefined) return "other";
  if (url === "/api/v1/tasks") return "submit";
  if (url === "/api/v1/tasks/batch") return "submit_batch";
  if (url.startsWith("/api/v1/tasks/")) return "task";
  if (url.startsWith("/api/v1/dlq")) return "dlq";
  if (url.startsWith("/api/v1/admin/")) return "admin";
  if (url.startsWith("/api/v1/")) return "state";
  if (url === "/healthz" || url === "/readyz") return "probe";
  return url === "/metrics" ? "metrics" : "other";
}
