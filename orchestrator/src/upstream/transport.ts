import type { Dispatcher } from "undici";
import { messageOf, UpstreamError } from "../errors.ts";
import { HttpPool } from "./httpPool.ts";

/** Longest answer that is read; the largest kline page is a tenth of it. */
const MAX_RESPONSE_BYTES = 4 * 1024 * 1024;
/** The runbook's limit on making a connection. */
const CONNECT_TIMEOUT_MS = 5_000;
const KEEP_ALIVE_MS = 30_000;
/** An upstream that asks for more is asked again all the same. */
const MAX_RETRY_AFTER_MS = 3_600_000;
/** Text of an error body that is worth keeping. */
const MAX_ERROR_CHARACTERS = 300;

/** One request to an upstream. */
export type UpstreamRequest = {
  readonly method: "GET" | "POST";
  /** Path and query below the base URL. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

/** A connection-level failure; `safe` when the upstream cannot have acted on the request. */
export class ConnectionError extends UpstreamError {
  readonly safe: boolean;

  constructor(upstream: string, message: string, options: { safe: boolean; cause: unknown }) {
    super(upstream, message, { cause: options.cause });
    this.safe = options.safe;
  }
}

/**
 * The upstream refuses this client, whatever the request: the key is wrong or expired, the account is not paid, the quota
 * or the rate is used up. The next request would fare the same, so this is an outage and not the request's fault.
 */
export class DeniedError extends UpstreamError {}

const DENIALS: ReadonlySet<number> = new Set([401, 402, 403, 407, 429]);

/** Failures before anything was sent. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** Sends requests to one upstream over kept-alive connections and tells its answers from its errors. */
export class Transport {
  readonly #name: string;
  readonly #pool: HttpPool;
  readonly #basePath: string;

  constructor(options: {
    readonly name: string;
    readonly baseUrl: string;
    readonly maxConnections: number;
    readonly timeoutMs: number;
  }) {
    const url = new URL(options.baseUrl);
    this.#name = options.name;
    this.#basePath = url.pathname.replace(/\/+$/, "");
    this.#pool = new HttpPool(url.origin, {
      connections: options.maxConnections,
      // One request per connection, and no HTTP/2 streams: a connection that is dropped affects no other request.
      pipelining: 1,
      allowH2: false,
      connect: { timeout: Math.min(CONNECT_TIMEOUT_MS, options.timeoutMs) },
      headersTimeout: options.timeoutMs,
      bodyTimeout: options.timeoutMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
    });
  }

  /**
   * Sends one request.
   *
   * @returns the body of a 2xx answer
   * @throws UpstreamError, permanent where the answer says that the request is wrong; DeniedError where it refuses this
   *   client; ConnectionError; the signal's reason when aborted
   */
  async send(request: UpstreamRequest, signal: AbortSignal): Promise<string> {
    let response: Dispatcher.ResponseData;
    let text: string;
    try {
      response = await this.#pool.request({
        method: request.method,
        path: `${this.#basePath}${request.path}`,
        headers: { accept: "application/json", ...request.headers },
        body: request.body ?? null,
        signal,
      });
      text = await readText(response.body, this.#name);
    } catch (error) {
      if (signal.aborted || error instanceof UpstreamError) throw error;
      const code = (error as { code?: string }).code ?? "";
      const message = `${this.#name} connection failed: ${code} ${messageOf(error)}`.trim();
      throw new ConnectionError(this.#name, message, {
        safe: request.method === "GET" || NEVER_SENT.has(code),
        cause: error,
      });
    }
    if (response.statusCode >= 200 && response.statusCode < 300) return text;
    throw this.#refusal(response, text);
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }

  #refusal({ statusCode, headers }: Dispatcher.ResponseData, text: string): UpstreamError {
    const message = `${this.#name} answered ${statusCode}: ${text.slice(0, MAX_ERROR_CHARACTERS)}`;
    const wait = { retryAfterMs: retryAfterMs(headers["retry-after"], Date.now()) };
    if (DENIALS.has(statusCode)) return new DeniedError(this.#name, message, wait);
    const permanent = statusCode >= 400 && statusCode < 500 && statusCode !== 408;
    return new UpstreamError(this.#name, message, { permanent, ...wait });
  }
}

/**
 * Reads a Retry-After header, in seconds or as a date.
 *
 * @returns milliseconds from `nowMs`, an hour at most; undefined where there is none, or none that makes sense
 */
export function retryAfterMs(header: string | string[] | undefined, nowMs: number): number | undefined {
  const value = [header].flat()[0]?.trim() ?? "";
  if (/^\d{1,9}$/.test(value)) return Math.min(Number(value) * 1000, MAX_RETRY_AFTER_MS);
  const atMs = /[a-z]/i.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : Math.min(Math.max(0, atMs - nowMs), MAX_RETRY_AFTER_MS);
}

async function readText(body: Dispatcher.ResponseData["body"], name: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_RESPONSE_BYTES) throw new UpstreamError(name, `${name} sent more than ${MAX_RESPONSE_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
