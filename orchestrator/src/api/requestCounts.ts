import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { REQUEST_CAUSES, type RequestCause, type RequestRoute } from "../metrics/contract.ts";
import type { HttpCells } from "../metrics/telemetry.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** When its head came in, by `performance.now()`. */
    receivedMs: number;
  }
  interface FastifyReply {
    /** Code of the problem that the request was answered with; empty for none. */
    problemCode: string;
  }
}

/** Causes that the status alone does not tell, by the code of the problem. */
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

/** Counts every request once it is over, also where its client has gone, and times submissions. */
export function countRequests(server: FastifyInstance, cells: HttpCells): void {
  server.decorateReply("problemCode", "");
  server.decorateRequest("receivedMs", 0);
  // A request is counted once: by its answer or by the end of its connection, whichever comes first.
  const open = new WeakSet<FastifyReply>();
  const count = (request: FastifyRequest, reply: FastifyReply, cause: RequestCause) => {
    if (!open.delete(reply)) return;
    const route = routeOf(request.routeOptions.url);
    cells.request(route, cause);
    if (route === "submit" || route === "submit_batch") {
      cells.submission(REQUEST_CAUSES[cause], reply.elapsedTime / 1000);
    }
  };
  server.addHook("onRequest", (request, reply, done) => {
    request.receivedMs = performance.now();
    open.add(reply);
    // Not `onRequestAbort`: Fastify leaves it out once the body of the request has been read.
    reply.raw.once("close", () => count(request, reply, "aborted"));
    done();
  });
  server.addHook("onResponse", (request, reply, done) => {
    count(request, reply, causeOf(reply.statusCode, reply.problemCode));
    done();
  });
}

/** Why a request was answered as it was. */
export function causeOf(status: number, code: string): RequestCause {
  if (status < 400) return "none";
  return CAUSE_OF_CODE[code] ?? CAUSE_OF_STATUS[status] ?? (status < 500 ? "invalid" : "internal");
}

/** Group of the endpoint with this pattern; undefined is an address that there is not. */
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
