import type { AllowedHosts } from "../config.ts";
import { isLoopbackName } from "../loopback.ts";
import { HttpProblem } from "./problem.ts";

/**
 * Builds the check that a request was sent to a name of this service. A page of another site can let its own name resolve
 * to this machine and would then be of the same origin; the header Host still holds its name.
 *
 * @returns a function that gives the problem to answer with, undefined for none
 */
export function hostCheck(allowed: AllowedHosts): (host: string | undefined) => HttpProblem | undefined {
  if (allowed === "any") return () => undefined;
  const listed = allowed === "loopback" ? undefined : new Set(allowed.map((name) => name.toLowerCase()));
  return (host) => {
    const name = hostnameOf(host);
    if (listed === undefined ? isLoopbackName(name) : listed.has(name)) return undefined;
    return new HttpProblem(421, "HOST_NOT_ALLOWED", "The service is not reached under this name: see ALLOWED_HOSTS.");
  };
}

/** Name in a header Host, in lower case and without port; empty where there is none. */
export function hostnameOf(host: string | undefined): string {
  return URL.parse(`http://${host}`)?.hostname ?? "";
}
