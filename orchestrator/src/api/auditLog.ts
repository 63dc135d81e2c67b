import type { FastifyInstance, FastifyRequest } from "fastify";
import type { HttpLog } from "./ports.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** What an admin action has answered with. */
    auditResult: unknown;
  }
}

/** Text of a caller is kept up to this length. */
const MAX_TEXT = 200;

/**
 * Writes one line for each admin action, once it is over: who asked (address, how it was let in, what a proxy and the
 * client say of themselves), what for, on what, and with which result. Refused requests are actions too; reading is not.
 */
export function auditActions(admin: FastifyInstance, audit: Pick<HttpLog, "info">): void {
  admin.decorateRequest("auditResult", undefined);
  admin.addHook("preSerialization", async (request, _reply, payload) => {
    request.auditResult = payload;
    return payload;
  });
  admin.addHook("onResponse", async (request, reply) => {
    const refused = reply.statusCode === 401 || reply.statusCode === 403;
    if (request.method === "GET" && !refused) return;
    const action = request.routeOptions.schema?.operationId ?? `${request.method} ${request.routeOptions.url}`;
    const outcome = reply.problemCode === "" ? "done" : reply.problemCode;
    audit.info(
      {
        action,
        who: callerOf(request, refused),
        on: { ...(request.params as object), ...subjectOf(request.body) },
        status: reply.statusCode,
        outcome,
        ...(request.auditResult === undefined || reply.problemCode !== "" ? {} : { result: request.auditResult }),
      },
      `Admin action ${action}: ${outcome}`,
    );
  });
}

function callerOf({ headers, raw }: FastifyRequest, refused: boolean) {
  const { "user-agent": agent, "x-forwarded-for": forwarded } = headers;
  const by = headers.authorization === undefined ? "address" : "token";
  return {
    address: raw.socket.remoteAddress ?? "",
    by: refused ? "refused" : by,
    ...(agent === undefined ? {} : { agent: agent.slice(0, MAX_TEXT) }),
    // Whatever its sender likes; of use where the proxy is one's own.
    ...(forwarded === undefined ? {} : { forwarded: String(forwarded).slice(0, MAX_TEXT) }),
  };
}

/** The body of an action names what it is about. One that was not valid may hold anything. */
function subjectOf(body: unknown): object {
  if (body === undefined || body === null) return {};
  const text = JSON.stringify(body);
  return text.length <= MAX_TEXT && typeof body === "object" ? body : { body: text.slice(0, MAX_TEXT) };
}
