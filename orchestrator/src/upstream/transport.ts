import type { IncomingMessage } from "node:http";
import { MAX_RETRY_AFTER_MS, messageOf, UpstreamError } from "../errors.ts";
import { HttpPool } from "./httpPool.ts";

/** Size limit of a response. The largest page of klines is a tenth of it. */
const MAX_RESPONSE_BYTES = 4 * 1024 * 1024;
/** Time limit for a connection, as in the runbook. */
const CONNECT_TIMEOUT_MS = 5_000;
const KEEP_ALIVE_MS = 30_000;
/** Longer error bodies are cut. */
const MAX_ERROR_CHARACTERS = 300;

/** One request to an upstream. */
export type UpstreamRequest = {
  readonly method: "GET" | "POST";
  /** Path and query below the base URL. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

/** A failure of the connection; `safe` if a repetition of the request does no harm. */
export class ConnectionError extends UpstreamError {
  readonly safe: boolean;

  constructor(upstream: string, message: string, options: { safe: boolean; cause: unknown }) {
    super(upstream, message, { cause: options.cause });
    this.safe = options.safe;
  }
}

/**
 * The upstream rejects this client, not the single request: the key is wrong or expired, the account is not paid, or the
 * quota or the rate limit is used up. The next request would fail too, so this counts as an outage.
 */
export class DeniedError extends UpstreamError {}

const DENIALS: ReadonlySet<number> = new Set([401, 402, 403, 407, 429]);

/** Codes of failures before anything was sent. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "CONNECT_TIMEOUT",
]);

/** Sends requests to one upstream over keep-alive connections, and classifies its errors. */
export class Transport {
  readonly #name: string;
  readonly #pool: HttpPool;
  readonly #basePath: string;

  constructor(options: {
    readonly name: string;
    readonly baseUrl: string;
    readonly maxConnections: number;
  }) {
    const url = new URL(options.baseUrl);
    this.#name = options.name;
    this.#basePath = url.pathname.replace(/\/+$/, "");
    this.#pool = new HttpPool(url, {
      maxConnections: options.maxConnections,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      keepAliveMs: KEEP_ALIVE_MS,
    });
  }

  /**
   * Sends one request. The signal is its only time limit, apart from that of the connection.
   *
   * @returns the body of a 2xx response
   * @throws UpstreamError, permanent if the request itself is wrong; DeniedError if the upstream rejects this client;
   *   ConnectionError; the reason of the signal if it is aborted
   */
  async send(request: UpstreamRequest, signal: AbortSignal): Promise<string> {
    let response: IncomingMessage;
    let text: string;
    try {
      response = await this.#pool.request({
        method: request.method,
        path: `${this.#basePath}${request.path}`,
        headers: { accept: "application/json", ...request.headers },
        body: request.body,
        signal,
      });
      text = await readText(response, this.#name);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof UpstreamError) throw error;
      const code = (error as { code?: string }).code ?? "";
      const message = `${this.#name} connection failed: ${code} ${messageOf(error)}`.trim();
      throw new ConnectionError(this.#name, message, {
        safe: request.method === "GET" || NEVER_SENT.has(code),
        cause: error,
      });
    }
    const { statusCode = 0, headers } = response;
    if (statusCode >= 200 && statusCode < 300) return text;
    throw this.#errorOf(statusCode, headers["retry-after"], text);
  }

  /** Closes all connections, including those with a request in progress. */
  close(): void {
    this.#pool.destroy();
  }

  #errorOf(statusCode: number, retryAfter: string | undefined, text: string): UpstreamError {
    const message = `${this.#name} answered ${statusCode}: ${text.slice(0, MAX_ERROR_CHARACTERS)}`;
    const wait = { retryAfterMs: retryAfterMs(retryAfter, Date.now()) };
    if (DENIALS.has(statusCode)) return new DeniedError(this.#name, message, wait);
    const permanent = statusCode >= 400 && statusCode < 500 && statusCode !== 408;
    return new UpstreamError(this.#name, message, { permanent, ...wait });
  }
}

/**
 * Parses a Retry-After header, in seconds or as a date.
 *
 * @returns milliseconds from `nowMs`, at most an hour; undefined if it is missing or malformed
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  const value = header?.trim() ?? "";
  if (/^\d{1,9}$/.test(value)) return Math.min(Number(value) * 1000, MAX_RETRY_AFTER_MS);
  const atMs = /[a-z]/i.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : Math.min(Math.max(0, atMs - nowMs), MAX_RETRY_AFTER_MS);
}

async function readText(body: IncomingMessage, name: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_RESPONSE_BYTES) throw new UpstreamError(name, `${name} sent more than ${MAX_RESPONSE_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
