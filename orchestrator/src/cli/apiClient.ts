import { readFileSync } from "node:fs";
import type { Problem } from "../api/problem.ts";
import { messageOf } from "../errors.ts";
import { CliError, EXIT } from "./exitCodes.ts";

/** The service answers within its Redis time-outs; a whole batch may take a little longer. */
const REQUEST_TIMEOUT_MS = 30_000;

export type ApiOptions = {
  readonly url: string;
  /** The admin token itself; without it the file is read. */
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
};

/** Speaks with the HTTP API. */
export class ApiClient {
  readonly #base: URL;
  readonly #headers: Record<string, string>;

  /** @throws CliError for a URL or token file that cannot be used */
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
   * @param body JSON text, sent as it is
   * @returns the parsed answer; undefined for an empty one
   * @throws CliError whose exit code tells refusals, absence and unavailability apart
   */
  async send(method: string, path: string, body?: string): Promise<unknown> {
    const { status, ok, text } = await this.exchange(method, path, body);
    const answer = parsed(text);
    if (ok) return answer;
    throw new CliError(exitCodeOf(status), describe(status, answer));
  }

  /**
   * Sends one request and gives what came back, refusals too.
   *
   * @param body JSON text, sent as it is
   * @throws CliError where the service cannot be reached
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

/** fetch() would name the token in its error. */
function bearer(token: string): string {
  if (!/^[\x21-\x7e]+$/.test(token)) throw new CliError(EXIT.usage, "The admin token must be one word of plain ASCII.");
  return token;
}

function readToken(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    throw new CliError(EXIT.usage, `The token file cannot be read: ${messageOf(error)}`);
  }
}

/** fetch() hides the reason in the cause, and where a name has several addresses, in its code alone. */
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

/** The exit code for the status of a refusal. */
export function exitCodeOf(status: number): number {
  if (status === 404) return EXIT.notFound;
  return status === 429 || status >= 502 ? EXIT.unavailable : EXIT.failure;
}

/** The lines that tell a person what a problem document says. */
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
