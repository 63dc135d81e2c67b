import type { AllowedHosts } from "../../config.ts";
import { isLoopbackName } from "../../loopback.ts";
import { HttpProblem } from "../problem.ts";

/**
 * Creates the check that a request was sent to a name of this service. It prevents DNS rebinding: a web page of another
 * site can make its own name resolve to this machine, but the Host header still contains that name.
 *
 * @returns a function that returns the problem to answer with, or undefined
 */
export function hostCheck(allowed: AllowedHosts): (host: string | undefined) => HttpProblem | undefined {
  if (allowed === "any") return () => undefined;
  const listed = allowed === "loopback" ? undefined : new Set(allowed.map((name) => name.toLowerCase()));
  return (host) => {
    const name = hostnameOf(host);
    if (listed === undefined ? isLoopbackName(name) : listed.has(name)) return undefined;
    return new HttpProblem(
      421,
      "HOST_NOT_ALLOWED",
      "The service does not answer to this host name: see ALLOWED_HOSTS.",
    );
  };
}

/** The name in a Host header, in lower case and without port; empty if there is none. */
export function hostnameOf(host: string | undefined): string {
  return URL.parse(`http://${host}`)?.hostname ?? "";
}
