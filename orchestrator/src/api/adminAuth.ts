import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { isLoopbackAddress, isLoopbackName } from "../loopback.ts";
import { hostnameOf } from "./allowedHosts.ts";
import type { HttpSettings } from "./ports.ts";
import { HttpProblem } from "./problem.ts";

/** Headers that a proxy adds: the caller is not who the socket says. */
const FORWARDED = /^(forwarded|via|x-forwarded-.*|x-real-ip|x-client-ip|true-client-ip|cf-connecting-ip)$/;

/**
 * Builds the check that every admin endpoint makes first.
 *
 * With a token, callers must present it. Without one everybody is refused, unless the setting for development lets
 * callers on this machine in. A proxy on this machine makes every caller one of them, and need not say so: that is why it
 * is a setting. Web pages run on this machine too, so a request that a browser sent for another site, or to a name that
 * merely resolves to this machine, is refused.
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

/** Compares digests, which have one length: the time tells nothing of the token, not even how long it is. */
function equal(given: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function requireThisMachine(request: FastifyRequest): void {
  if (!isLoopbackAddress(request.raw.socket.remoteAddress ?? "")) {
    throw forbidden("Without an admin token only callers on this machine are answered.");
  }
  if (Object.keys(request.headers).some((name) => FORWARDED.test(name))) {
    throw forbidden("Without an admin token no request that a proxy forwarded is answered.");
  }
  const { origin, host } = request.headers;
  const foreignOrigin = origin !== undefined && origin !== `http://${host}`;
  if (foreignOrigin || !isLoopbackName(hostnameOf(host))) {
    throw forbidden("Without an admin token requests from web pages are not answered.");
  }
}

function forbidden(detail: string): HttpProblem {
  return new HttpProblem(403, "FORBIDDEN", detail);
}
