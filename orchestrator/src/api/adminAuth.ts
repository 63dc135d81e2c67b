import { createHash, timingSafeEqual } from "node:crypto";
import { BlockList, isIPv6 } from "node:net";
import type { FastifyRequest } from "fastify";
import { HttpProblem } from "./problem.ts";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/**
 * Builds the check that every admin endpoint makes first.
 *
 * With a token, callers must present it. Without one only this machine may call, judged by the address of the socket:
 * a forwarding header is whatever its sender likes. Web pages run on this machine too, so a request that a browser sent
 * for another site, or to a name that merely resolves to this machine, is refused.
 *
 * @returns a function that throws HttpProblem 401 or 403
 */
export function adminAuth(token: string | undefined): (request: FastifyRequest) => Promise<void> {
  return async (request) => (token === undefined ? requireLoopback(request) : requireToken(request, token));
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

function requireLoopback(request: FastifyRequest): void {
  const address = request.raw.socket.remoteAddress ?? "";
  if (!isLoopback(address)) {
    throw new HttpProblem(403, "FORBIDDEN", "No admin token is configured: only callers on this machine are answered.");
  }
  const { origin, host } = request.headers;
  const foreignOrigin = origin !== undefined && origin !== `http://${host}`;
  if (foreignOrigin || !isLoopbackName(URL.parse(`http://${host}`)?.hostname ?? "")) {
    throw new HttpProblem(403, "FORBIDDEN", "No admin token is configured: requests from web pages are not answered.");
  }
}

function isLoopback(address: string): boolean {
  return loopback.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

function isLoopbackName(hostname: string): boolean {
  return hostname === "localhost" || isLoopback(hostname.replace(/^\[|\]$/g, ""));
}
