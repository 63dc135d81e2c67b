import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import fastify, { type FastifyInstance } from "fastify";
import { z } from "zod";
import type { Notice } from "./notification.ts";
import { renderHeartbeat, renderMessages, renderPage } from "./page.ts";
import { PayloadError, readPagerDuty, readSlack, readWebhook } from "./payloads.ts";
import {
  BUNDLE_PLACE,
  CORRECTIONS_PATH,
  type RunbookPlace,
  renderCorrectionsPage,
  renderRunbookPage,
} from "./runbookPages.ts";
import { NotificationStore } from "./store.ts";

const BODY_LIMIT_BYTES = 64 * 1024;
const RECEIVER = z.string().regex(/^[a-z0-9-]{1,64}$/);
const SINCE = z.object({ since: z.coerce.number().int().nonnegative().default(0) });

/** A running inbox: `url` for Alertmanager's receivers, `store` for tests. */
export type Inbox = AsyncDisposable & {
  readonly url: string;
  readonly port: number;
  readonly store: NotificationStore;
  readonly waitFor: NotificationStore["waitFor"];
  /** Shows runbooks with the commands of another deployment than the bundle's. */
  showRunbooksFor(place: RunbookPlace): void;
};

const HTML = "text/html; charset=utf-8";
/** Files that its pages load, by name. */
const WEB_FILES: Readonly<Record<string, string>> = {
  "style.css": "text/css; charset=utf-8",
  "live.js": "text/javascript; charset=utf-8",
};

/**
 * Starts the inbox. It answers and validates like Slack's incoming webhooks, PagerDuty's Events API v2 and a webhook of
 * the dead man's switch, and keeps the messages for people (`/`) and tests (`/api/notifications`).
 *
 * @param options `port` 0 takes a free one; `host` is loopback by default
 */
export async function startInbox({ port = 0, host = "127.0.0.1" } = {}): Promise<Inbox> {
  const store = new NotificationStore();
  const server = fastify({ bodyLimit: BODY_LIMIT_BYTES, forceCloseConnections: true });
  receivers(server, store);
  views(server, store);
  let place = BUNDLE_PLACE;
  runbooks(server, () => place);
  await server.listen({ port, host });
  const { port: bound } = server.server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    store,
    waitFor: store.waitFor.bind(store),
    showRunbooksFor: (other) => {
      place = other;
    },
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
  const holding = () => ({ notifications: store.list(), rejections: store.rejected() });
  server.get("/", (_request, reply) => reply.type(HTML).send(renderPage(holding())));
  server.get("/messages", ({ query }, reply) => {
    const parsed = SINCE.safeParse(query);
    if (!parsed.success) return reply.code(400).send({ error: "since must be a whole number" });
    const html = renderMessages(holding(), parsed.data.since);
    return reply.send({ last: store.lastSeq, html, heartbeat: renderHeartbeat(holding()) });
  });
  server.get<{ Params: { name: string } }>("/web/:name", async ({ params }, reply) => {
    const type = WEB_FILES[params.name];
    if (type === undefined) return reply.code(404).type("text/plain").send("no_such_file");
    return reply.type(type).send(await readFile(join(import.meta.dirname, "web", params.name), "utf8"));
  });
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

/** The pages of `runbook_url` in the bundled stack, and those that they link to. */
function runbooks(server: FastifyInstance, place: () => RunbookPlace): void {
  server.get("/runbooks", (_request, reply) => reply.redirect("/runbooks/README.md"));
  server.get<{ Params: { name: string } }>("/runbooks/:name", ({ params: { name } }, reply) => {
    const page = renderRunbookPage(name, place());
    if (page === undefined) return reply.code(404).type("text/plain").send("no_such_runbook");
    return reply.type(name.endsWith(".md") ? HTML : "application/json").send(page);
  });
  server.get(CORRECTIONS_PATH, (_request, reply) => reply.type(HTML).send(renderCorrectionsPage()));
  server.get<{ Params: { name: string } }>("/alerts/generated/runbooks/:name", ({ params }, reply) =>
    reply.redirect(`/runbooks/${params.name}`),
  );
}
