import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BUNDLE } from "@mcp-orchestrator/alerts";
import fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import { DASHBOARDS } from "../dashboards/index.ts";
import { GENERATED_FOLDER } from "../files.ts";
import { type Asset, contentSecurityPolicy, pageAsset, vendorAsset } from "./assets.ts";
import { askPrometheus, isAllowed } from "./prometheusProxy.ts";

/** The preview is for the person at this machine. */
const HOST = "127.0.0.1";
const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

export type PreviewOptions = {
  /** Base address of the Prometheus to ask. */
  readonly prometheusUrl: string;
  /** Port on loopback; 0 takes a free one. */
  readonly port: number;
};

/** A running preview. */
export type Preview = { readonly url: string; readonly close: () => Promise<void> };

/**
 * Serves the generated dashboards, rendered against a Prometheus, on loopback.
 *
 * @throws when the port is taken
 */
export async function startPreview({ prometheusUrl, port }: PreviewOptions): Promise<Preview> {
  const server = fastify();
  guard(server);
  await servePage(server);
  serveApi(server, prometheusUrl);
  await server.listen({ host: HOST, port });
  const address = server.server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return { url: `http://${HOST}:${bound}`, close: () => server.close() };
}

/** A page of another site that got its name resolved to this machine does not get in. */
function guard(server: FastifyInstance): void {
  server.addHook("onRequest", async (request, reply) => {
    if (!LOOPBACK.test(request.headers.host ?? "")) {
      return problem(reply, 403, "Forbidden", "The preview answers on loopback only");
    }
    reply.header("x-content-type-options", "nosniff").header("referrer-policy", "no-referrer");
    return undefined;
  });
  server.setNotFoundHandler((request, reply) => problem(reply, 404, "Not Found", `There is nothing at ${request.url}`));
}

async function servePage(server: FastifyInstance): Promise<void> {
  const page = await pageAsset("index.html");
  if (page === undefined) throw new Error("The preview's page is missing from its installation");
  const policy = contentSecurityPolicy(page.body);
  const html = (_: unknown, reply: FastifyReply) =>
    reply.type(page.contentType).header("content-security-policy", policy).send(page.body);
  server.get("/", html);
  server.get("/d/:uid", html);
  server.get("/d/:uid/:slug", html);
  server.get<{ Params: { "*": string } }>("/assets/*", async ({ params }, reply) =>
    sendAsset(reply, await pageAsset(params["*"])),
  );
  server.get<{ Params: { name: string } }>("/vendor/:name", async ({ params }, reply) =>
    sendAsset(reply, await vendorAsset(params.name)),
  );
}

function serveApi(server: FastifyInstance, prometheusUrl: string): void {
  server.get("/api/config", () => ({ prometheusUrl, job: BUNDLE.job }));
  server.get("/api/dashboards", () => DASHBOARDS.map(({ uid, title, description }) => ({ uid, title, description })));
  server.get<{ Params: { uid: string } }>("/api/dashboards/:uid", async ({ params }, reply) => {
    const known = DASHBOARDS.find(({ uid }) => uid === params.uid);
    if (known === undefined) return problem(reply, 404, "Not Found", `There is no dashboard ${params.uid}`);
    return reply.type("application/json").send(await readFile(join(GENERATED_FOLDER, `${known.uid}.json`), "utf8"));
  });
  server.get<{ Params: { "*": string } }>("/api/prometheus/api/v1/*", async ({ params, url }, reply) => {
    if (!isAllowed(params["*"])) return problem(reply, 403, "Forbidden", `${params["*"]} is not passed on`);
    const search = url.includes("?") ? url.slice(url.indexOf("?")) : "";
    const answer = await askPrometheus(prometheusUrl, params["*"], search);
    return reply.code(answer.status).type(answer.contentType).send(answer.body);
  });
}

function sendAsset(reply: FastifyReply, asset: Asset | undefined): FastifyReply {
  if (asset === undefined) return problem(reply, 404, "Not Found", "There is no such file");
  return reply.type(asset.contentType).header("cache-control", "no-cache").send(asset.body);
}

function problem(reply: FastifyReply, status: number, title: string, detail: string): FastifyReply {
  return reply.code(status).type("application/problem+json").send({ type: "about:blank", status, title, detail });
}
