import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** The posts to a path. */
export type Captured = { readonly path: string; readonly body: unknown };

/** An HTTP server that accepts and keeps every post. */
export class Capture implements AsyncDisposable {
  readonly #server: Server;
  readonly #posts: Captured[] = [];
  readonly #waiting = new Set<() => void>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<Capture> {
    const server = createServer();
    const capture = new Capture(server);
    server.on("request", async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      capture.#posts.push({ path: request.url ?? "", body: JSON.parse(text) });
      const pagerduty = request.url?.startsWith("/pagerduty") === true;
      response.statusCode = pagerduty ? 202 : 200;
      response.end(pagerduty ? '{"status":"success","message":"Event processed","dedup_key":"x"}' : "ok");
      for (const wake of capture.#waiting) wake();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return capture;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The posts to a path, as soon as there are this many. Rejects at the deadline, with the posts so far. */
  async posts(path: string, count: number, deadlineMs = 20_000): Promise<unknown[]> {
    const got = () => this.#posts.filter((post) => post.path === path).map(({ body }) => body);
    const endMs = performance.now() + deadlineMs;
    while (got().length < count) {
      const leftMs = endMs - performance.now();
      if (leftMs <= 0)
        throw new Error(`${got().length} of ${count} posts to ${path}; all: ${JSON.stringify(this.#posts)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#waiting.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
      this.#waiting.clear();
    }
    return got();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
