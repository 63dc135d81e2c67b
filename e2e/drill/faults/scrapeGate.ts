import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Agent, request } from "undici";

/** A proxy between Prometheus and the service that can block scrapes. */
export type ScrapeGate = AsyncDisposable & {
  readonly port: number;
  /** Blocks exactly that many scrapes, from the next one on; resolves afterwards. */
  missNext(count: number): Promise<void>;
  /** Blocks every scrape until `open`. */
  close(): void;
  open(): void;
};

/**
 * Starts a gate. A blocked scrape gets a 503. A reset connection would not do: Prometheus asks again at once on another
 * one and misses no scrape.
 *
 * @param target port of the service's metrics on this machine
 */
export async function startScrapeGate(port: number, target: number): Promise<ScrapeGate> {
  const agent = new Agent({ connections: 4 });
  let closed = false;
  let toMiss = 0;
  let missed = Promise.withResolvers<void>();
  const isCut = () => {
    if (toMiss > 0) {
      toMiss -= 1;
      if (toMiss === 0) missed.resolve();
      return true;
    }
    return closed;
  };
  const server = createServer((incoming, outgoing) => {
    if (isCut()) outgoing.writeHead(503).end();
    else forward(incoming, outgoing, target, agent).catch(() => incoming.socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host: "127.0.0.1" }, resolve);
  });
  return {
    port,
    missNext: (count) => {
      missed = Promise.withResolvers();
      toMiss = count;
      return missed.promise;
    },
    close: () => {
      closed = true;
    },
    open: () => {
      closed = false;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await agent.destroy();
    },
  };
}

async function forward(incoming: IncomingMessage, outgoing: ServerResponse, port: number, dispatcher: Agent) {
  const { statusCode, headers, body } = await request(`http://127.0.0.1:${port}${incoming.url ?? "/"}`, {
    headers: { accept: incoming.headers.accept ?? "*/*" },
    dispatcher,
  });
  const metrics = Buffer.from(await body.arrayBuffer());
  outgoing.writeHead(statusCode, { "content-type": String(headers["content-type"] ?? "text/plain") });
  outgoing.end(metrics);
}
