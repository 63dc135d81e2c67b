/** Prometheus' answer, unchanged. */
export type Answer = { readonly status: number; readonly contentType: string; readonly body: string };

/** The read-only parts of Prometheus' API that the page uses; all other requests are rejected. */
const ALLOWED = /^(query|query_range|targets|label\/\w+\/values)$/;
const TIMEOUT_MS = 15_000;

/** True of a path below `/api/v1/` that the page may use. */
export function isAllowed(path: string): boolean {
  return ALLOWED.test(path);
}

/**
 * Forwards a request of the page to Prometheus, since the browser would block it.
 *
 * @returns a Prometheus error document with status 502 if Prometheus cannot be reached
 */
export async function forwardToPrometheus(prometheusUrl: string, path: string, search: string): Promise<Answer> {
  const url = `${prometheusUrl.replace(/\/$/, "")}/api/v1/${path}${search}`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return {
      status: response.status,
      contentType: response.headers.get("content-type") ?? "application/json",
      body: await response.text(),
    };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    const message = `Prometheus at ${prometheusUrl} cannot be reached: ${cause}`;
    return {
      status: 502,
      contentType: "application/json",
      body: JSON.stringify({ status: "error", errorType: "unavailable", error: message }),
    };
  }
}
