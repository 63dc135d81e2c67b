import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { isLoopbackAddress, isLoopbackName } from "../../loopback.ts";
import type { HttpSettings } from "../ports.ts";
import { HttpProblem } from "../problem.ts";
import { hostnameOf } from "./allowedHosts.ts";

/** Headers that a proxy adds. The address of the socket is then not that of the caller. */
const FORWARDED = /^(forwarded|via|x-forwarded-.*|x-real-ip|x-client-ip|true-client-ip|cf-connecting-ip)$/;

/**
 * Creates the first check of each admin endpoint.
 *
 * If a token is configured, callers must send it. Otherwise all requests are denied, unless the development setting allows
 * callers on this machine. That setting is off by default, because a proxy on this machine would make every caller local,
 * and may not add headers. Requests of web pages are denied even then: those of another origin, and those to a host name
 * that only resolves to this machine.
 *
 * @returns a function that throws HttpProblem 401 or 403
 */
export function adminAuth(settings: HttpSettings): (request: FastifyRequest) => Promise<void> {
  const { adminToken, adminWithoutToken = false } = settings;
  return async (request) => {
    if (adminToken !== undefined) requireToken(request, adminToken);
    else if (adminWithoutToken) requireThisMachine(request);
    else throw forbidden("No admin token is configured: set ADMIN_TOKEN_FILE.");
  };
}

function requireToken(request: FastifyRequest, token: string): void {
  const given = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? "")?.[1];
  if (given !== undefined && equal(given, token)) return;
  const [detail, challenge] =
    given === undefined
      ? ["This endpoint needs the admin token as a bearer token.", "Bearer"]
      : ["The bearer token is wrong.", 'Bearer error="invalid_token"'];
  throw new HttpProblem(401, "UNAUTHORIZED", detail, { headers: { "www-authenticate": challenge } });
}

/** Compares digests of equal length, so that the time reveals neither the token nor its length. */
function equal(given: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function requireThisMachine(request: FastifyRequest): void {
  if (!isLoopbackAddress(request.raw.socket.remoteAddress ?? "")) {
    throw forbidden("Without an admin token, only callers on this machine are allowed.");
  }
  if (Object.keys(request.headers).some((name) => FORWARDED.test(name))) {
    throw forbidden("Without an admin token, requests through a proxy are not allowed.");
  }
  const { origin, host } = request.headers;
  const crossOrigin = origin !== undefined && origin !== `http://${host}`;
  if (crossOrigin || !isLoopbackName(hostnameOf(host))) {
    throw forbidden("Without an admin token, requests of web pages are not allowed.");
  }
}

function forbidden(detail: string): HttpProblem {
  return new HttpProblem(403, "FORBIDDEN", detail);
}
