/** A server answered with something else than success. */
export class HttpStatusError extends Error {
  readonly code = "HTTP_STATUS";
  readonly subject: string;
  readonly status: number;
  readonly body: string;

  constructor(url: string, status: number, body: string) {
    super(`${url} answered ${status}: ${body.slice(0, 500)}`);
    this.name = "HttpStatusError";
    this.subject = url;
    this.status = status;
    this.body = body;
  }
}

const TIMEOUT_MS = 5_000;

/**
 * One request with a deadline; an object as `json` is sent as JSON.
 *
 * @throws HttpStatusError where the status is not 2xx
 */
export async function request(
  url: string,
  { json, timeoutMs = TIMEOUT_MS, headers, ...init }: RequestInit & { json?: unknown; timeoutMs?: number } = {},
): Promise<Response> {
  const response = await fetch(url, {
    signal: AbortSignal.timeout(timeoutMs),
    ...init,
    ...(json === undefined ? {} : { method: init.method ?? "POST", body: JSON.stringify(json) }),
    headers: { ...(json === undefined ? {} : { "content-type": "application/json" }), ...headers },
  });
  if (!response.ok) throw new HttpStatusError(url, response.status, await response.text());
  return response;
}

/** `request` whose answer is JSON. The type is the caller's promise. */
export async function requestJson<T>(url: string, options?: Parameters<typeof request>[1]): Promise<T> {
  return (await (await request(url, options)).json()) as T;
}
