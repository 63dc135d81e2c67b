import * as http from "node:http";
import * as https from "node:https";

/** No connection in time. Nothing was sent. */
class ConnectTimeoutError extends Error {
  readonly code = "CONNECT_TIMEOUT";

  constructor(timeoutMs: number) {
    super(`no connection within ${timeoutMs} ms`);
  }
}

export type PoolOptions = {
  readonly maxConnections: number;
  /** Includes the TLS handshake. */
  readonly connectTimeoutMs: number;
  /** Idle connections are closed after this time, or sooner if the server requests it. */
  readonly keepAliveMs: number;
};

export type PoolRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly signal: AbortSignal;
};

/** Keep-alive connections to one origin, each with one request at a time, so that a dropped connection affects no other. */
export class HttpPool {
  readonly #origin: URL;
  readonly #agent: http.Agent;
  readonly #connectTimeoutMs: number;

  constructor(origin: URL, { maxConnections, connectTimeoutMs, keepAliveMs }: PoolOptions) {
    const { Agent } = origin.protocol === "https:" ? https : http;
    this.#origin = origin;
    this.#agent = new Agent({ keepAlive: true, maxSockets: maxConnections, timeout: keepAliveMs });
    this.#connectTimeoutMs = connectTimeoutMs;
  }

  /**
   * Sends one request. Resolves with the head of the response.
   *
   * @throws ConnectTimeoutError; errors of the connection; an AbortError if the signal is aborted
   */
  request({ method, path, headers, body, signal }: PoolRequest): Promise<http.IncomingMessage> {
    const secure = this.#origin.protocol === "https:";
    return new Promise((resolve, reject) => {
      const options = { agent: this.#agent, method, path, headers, signal };
      const request = (secure ? https : http).request(this.#origin, options, resolve);
      request.on("error", reject);
      request.once("socket", (socket) => {
        if (!socket.connecting) return;
        const late = setTimeout(
          () => request.destroy(new ConnectTimeoutError(this.#connectTimeoutMs)),
          this.#connectTimeoutMs,
        );
        const inTime = () => clearTimeout(late);
        socket.once(secure ? "secureConnect" : "connect", inTime);
        request.once("close", inTime);
      });
      request.end(body);
    });
  }

  /** Closes all connections, including those with a request in progress. */
  destroy(): void {
    this.#agent.destroy();
  }
}
