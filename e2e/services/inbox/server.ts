import type { AddressInfo } from "node:net";
import { renderRunbooks } from "@mcp-orchestrator/alerts";
import fastify, { type FastifyInstance } from "fastify";
import { z } from "zod";
import type { Notice } from "./notification.ts";
import { renderPage, renderRows } from "./page.ts";
import { PayloadError, readPagerDuty, readSlack, readWebhook } from "./payloads.ts";
import { NotificationStore } from "./store.ts";

const BODY_LIMIT_BYTES = 64 * 1024;
const RECEIVER = z.string().regex(/^[a-z0-9-]{1,64}$/);
const SINCE = z.object({ since: z.coerce.number().int().nonnegative().default(0) });

/** A running inbox. `url` is where Alertmanager's receivers point, `store` is what tests look at. */
export type Inbox = AsyncDisposable & {
  readonly url: string;
  readonly port: number;
  readonly store: NotificationStore;
  readonly waitFor: NotificationStore["waitFor"];
};

/**
 * Starts the inbox: it answers as Slack's incoming webhooks, PagerDuty's Events API v2 and a webhook for the dead man's
 * switch, checks what it is sent as they would, and keeps it for people (`/`) and tests (`/api/notifications`).
 *
 * @param options `port` 0 takes a free one; `host` is loopback unless containers have to reach it
 */
export async function startInbox({ port = 0, host = "127.0.0.1" } = {}): Promise<Inbox> {
  const store = new NotificationStore();
  const server = fastify({ bodyLimit: BODY_LIMIT_BYTES, forceCloseConnections: true });
  receivers(server, store);
  views(server, store);
  runbooks(server);
  await server.listen({ port, host });
  const { port: bound } = server.server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    store,
    waitFor: store.waitFor.bind(store),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

function receivers(server: FastifyInstance, store: NotificationStore): void {
  const accept = (path: string, body: unknown, read: () => Notice) => {
    try {
      return store.add(read());
    } catch (error) {
      if (error instanceof PayloadError) store.reject(path, error.problems, body);
      throw error;
    }
  };

  server.post<{ Params: { receiver: string } }>("/slack/:receiver", async ({ params, url, body }, reply) => {
    const receiver = RECEIVER.safeParse(params.receiver);
    if (!receiver.success) return reply.code(404).type("text/plain").send("channel_not_found");
    try {
      accept(url, body, () => readSlack(receiver.data, body));
    } catch (error) {
      if (!(error instanceof PayloadError)) throw error;
      return reply.code(400).type("text/plain").send(error.problems.join("; "));
    }
    return reply.type("text/plain").send("ok");
  });

  server.post("/pagerduty/v2/enqueue", async ({ url, body }, reply) => {
    try {
      const item = accept(url, body, () => readPagerDuty(body));
      const { dedup_key = `inbox-${item.seq}` } = body as { dedup_key?: string };
      return reply.code(202).send({ status: "success", message: "Event processed", dedup_key });
    } catch (error) {
      if (!(error instanceof PayloadError)) throw error;
      return reply
        .code(400)
        .send({ status: "invalid event", message: "Event object is invalid", errors: error.problems });
    }
  });

  server.post("/deadman", async ({ url, body }, reply) => {
    try {
      accept(url, body, () => readWebhook("deadman", body));
      return reply.code(204).send();
    } catch (error) {
      if (!(error instanceof PayloadError)) throw error;
      return reply.code(400).send({ errors: error.problems });
    }
  });
}

function views(server: FastifyInstance, store: NotificationStore): void {
  server.get("/", (_request, reply) =>
    reply.type("text/html; charset=utf-8").send(renderPage(store.list(), store.rejected())),
  );
  server.get("/rows", (_request, reply) =>
    reply.type("text/html; charset=utf-8").send(renderRows(store.list(), store.rejected())),
  );
  server.get("/healthz", () => ({ status: "ok" }));
  server.get("/api/notifications", ({ query }, reply) => {
    const parsed = SINCE.safeParse(query);
    if (!parsed.success) return reply.code(400).send({ error: "since must be a whole number" });
    return reply.send(store.list(parsed.data.since));
  });
  server.get("/api/rejected", () => store.rejected());
  server.delete("/api/notifications", (_request, reply) => {
    store.clear();
    return reply.code(204).send();
  });
  server.get("/events", (request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    reply.raw.write(": connected\n\n");
    const stop = store.listen(({ seq }) => reply.raw.write(`data: ${seq}\n\n`));
    request.raw.once("close", stop);
  });
}

/** The pages that `runbook_url` leads to, where nothing else serves them. */
function runbooks(server: FastifyInstance): void {
  const pages = renderRunbooks();
  server.get("/runbooks", (_request, reply) => reply.redirect("/runbooks/README.md"));
  server.get<{ Params: { name: string } }>("/runbooks/:name", ({ params }, reply) => {
    const page = pages.get(params.name);
    return page === undefined
      ? reply.code(404).type("text/plain").send("no_such_runbook")
      : reply.type("text/plain; charset=utf-8").send(page);
  });
}
