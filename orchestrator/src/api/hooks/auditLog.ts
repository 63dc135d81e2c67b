import type { FastifyInstance, FastifyRequest } from "fastify";
import type { HttpLog } from "../ports.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The answer of an admin action. */
    auditResult: unknown;
    /** Where it came from. The socket of a client that has disconnected no longer has an address. */
    callerAddress: string;
  }
}

/** Longer texts of callers are cut. */
const MAX_TEXT = 200;

/**
 * Writes one log line per admin action at its end: caller (address, authentication, headers of proxy and client), action,
 * subject and result. Also for denied requests, but not for reads.
 */
export function auditActions(admin: FastifyInstance, audit: Pick<HttpLog, "info">): void {
  admin.decorateRequest("auditResult", undefined);
  admin.decorateRequest("callerAddress", "");
  admin.addHook("onRequest", async (request) => {
    request.callerAddress = request.raw.socket.remoteAddress ?? "";
  });
  admin.addHook("preSerialization", async (request, _reply, payload) => {
    request.auditResult = payload;
    return payload;
  });
  // Not `onResponse`: Fastify does not call it if the client has disconnected.
  admin.addHook("onSend", async (request, reply, payload) => {
    const denied = reply.statusCode === 401 || reply.statusCode === 403;
    if (request.method === "GET" && !denied) return payload;
    const action = request.routeOptions.schema?.operationId ?? `${request.method} ${request.routeOptions.url}`;
    const outcome = reply.problemCode === "" ? "done" : reply.problemCode;
    audit.info(
      {
        action,
        who: callerOf(request, denied),
        // The path selects the subject, whatever a body says that the action does not read.
        on: { ...subjectOf(request.body), ...(request.params as object) },
        status: reply.statusCode,
        outcome,
        ...(request.auditResult === undefined || reply.problemCode !== "" ? {} : { result: request.auditResult }),
      },
      `Admin action ${action}: ${outcome}`,
    );
    return payload;
  });
}

function callerOf({ callerAddress, headers, raw }: FastifyRequest, denied: boolean) {
  const { "user-agent": agent, "x-forwarded-for": forwarded } = headers;
  const by = headers.authorization === undefined ? "address" : "token";
  return {
    // A request to a wrong host was answered before its address was noted.
    address: callerAddress || (raw.socket.remoteAddress ?? ""),
    by: denied ? "refused" : by,
    ...(agent === undefined ? {} : { agent: agent.slice(0, MAX_TEXT) }),
    // The client can forge it. Useful behind a trusted proxy.
    ...(forwarded === undefined ? {} : { forwarded: String(forwarded).slice(0, MAX_TEXT) }),
  };
}

/** The subject of an action, from its body. An invalid body may contain anything. */
function subjectOf(body: unknown): object | null {
  if (body === undefined) return null;
  const text = JSON.stringify(body);
  return text.length <= MAX_TEXT && typeof body === "object" ? body : { body: text.slice(0, MAX_TEXT) };
}
