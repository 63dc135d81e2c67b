import { readFileSync } from "node:fs";
import type { Problem } from "../api/problem.ts";
import { messageOf } from "../errors.ts";
import { CliError, EXIT } from "./exitCodes.ts";

/** Longer than the Redis timeouts of the service, also for a whole batch. */
const REQUEST_TIMEOUT_MS = 30_000;

export type ApiOptions = {
  readonly url: string;
  /** The admin token; default: read from the file. */
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
};

/** Client of the HTTP API. */
export class ApiClient {
  readonly #base: URL;
  readonly #headers: Record<string, string>;

  /** @throws CliError for an invalid URL or token file */
  constructor({ url, token, tokenFile }: ApiOptions) {
    const base = URL.parse(url);
    if (base === null || !/^https?:$/.test(base.protocol)) throw new CliError(EXIT.usage, `Not an HTTP URL: ${url}`);
    this.#base = base;
    this.#headers = { accept: "application/json" };
    const given = token ?? (tokenFile === undefined ? undefined : readToken(tokenFile));
    if (given !== undefined) this.#headers.authorization = `Bearer ${bearer(given)}`;
  }

  /**
   * Sends one request.
   *
   * @param body JSON text, sent unchanged
   * @returns the parsed answer; undefined for an empty one
   * @throws CliError with an exit code for rejected, not found or unavailable
   */
  async send(method: string, path: string, body?: string): Promise<unknown> {
    const { status, ok, text } = await this.exchange(method, path, body);
    const answer = parsed(text);
    if (ok) return answer;
    throw new CliError(exitCodeOf(status), describe(status, answer));
  }

  /**
   * Sends one request and returns the answer, also an error response.
   *
   * @param body JSON text, sent unchanged
   * @throws CliError if the service is unreachable
   */
  async exchange(method: string, path: string, body?: string): Promise<{ status: number; ok: boolean; text: string }> {
    try {
      const response = await fetch(new URL(path, this.#base), {
        method,
        headers: body === undefined ? this.#headers : { ...this.#headers, "content-type": "application/json" },
        body: body ?? null,
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      return { status: response.status, ok: response.ok, text: await response.text() };
    } catch (error) {
      throw new CliError(EXIT.unavailable, `${this.#base.origin} cannot be reached: ${reasonOf(error)}`);
    }
  }

  get(path: string): Promise<unknown> {
    return this.send("GET", path);
  }

  post(path: string, body?: object): Promise<unknown> {
    return this.send("POST", path, body === undefined ? undefined : JSON.stringify(body));
  }
}

/** Checks the token, because fetch() would show it in its error. */
function bearer(token: string): string {
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new CliError(EXIT.usage, "The admin token must be one word of ASCII characters.");
  return token;
}

function readToken(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    throw new CliError(EXIT.usage, `The token file cannot be read: ${messageOf(error)}`);
  }
}

/** The reason of a failed fetch() is in its cause; for a name with several addresses, only in the code of the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return messageOf(cause) || String((cause as { code?: unknown }).code ?? "no reason given");
}

function parsed(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The exit code for an error status. */
export function exitCodeOf(status: number): number {
  if (status === 404) return EXIT.notFound;
  return status === 429 || status >= 502 ? EXIT.unavailable : EXIT.failure;
}

/** Formats a problem document for people. */
function describe(status: number, answer: unknown): string {
  if (typeof answer !== "object" || answer === null || !("detail" in answer)) return `The service answered ${status}.`;
  const { detail, code, errors = [], errors_omitted: omitted, retry_after_seconds: later } = answer as Problem;
  return [
    `${detail} (${code})`,
    ...errors.map(({ index, path, message }) => `  ${index === undefined ? "" : `task ${index}: `}${path} ${message}`),
    ...(omitted === undefined ? [] : [`  and ${omitted} more`]),
    ...(later === undefined ? [] : [`  Try again in ${later} s.`]),
  ].join("\n");
}
