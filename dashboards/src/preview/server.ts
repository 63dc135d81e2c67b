import { BUNDLE } from "@mcp-orchestrator/alerts";
import fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import { dashboardsFor } from "../dashboards/index.ts";
import type { Dashboard, Installation } from "../model/installation.ts";
import { classicDashboard } from "../render/classic.ts";
import { type Asset, contentSecurityPolicy, pageAsset, vendorAsset } from "./assets.ts";
import { forwardToPrometheus, isAllowed } from "./prometheusProxy.ts";

/** Loopback only. */
const HOST = "127.0.0.1";
const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

export type PreviewOptions = {
  /** Base address of the Prometheus. */
  readonly prometheusUrl: string;
  /** Port on loopback; 0 takes a free one. */
  readonly port: number;
  /** The links of the panels, if they differ from the bundle's. */
  readonly links?: Installation["links"];
  /** First range and refresh interval, if they differ from the dashboards'. */
  readonly view?: { readonly time: { readonly from: string; readonly to: string }; readonly refresh: string };
};

/** A running preview. */
export type Preview = { readonly url: string; readonly close: () => Promise<void> };

/**
 * Serves the generated dashboards, rendered against a Prometheus, on loopback.
 *
 * @throws if the port is in use
 */
export async function startPreview({ prometheusUrl, port, links = {}, view }: PreviewOptions): Promise<Preview> {
  const server = fastify();
  guard(server);
  await servePage(server);
  const dashboards = dashboardsFor({ ...BUNDLE, links: { ...BUNDLE.links, ...links } });
  serveApi(server, { prometheusUrl, dashboards, view });
  await server.listen({ host: HOST, port });
  const address = server.server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return { url: `http://${HOST}:${bound}`, close: () => server.close() };
}

/** Rejects requests under another host name (DNS rebinding). */
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

type Served = Pick<PreviewOptions, "prometheusUrl"> & {
  readonly dashboards: readonly Dashboard[];
  readonly view: PreviewOptions["view"];
};

function serveApi(server: FastifyInstance, { prometheusUrl, dashboards, view }: Served): void {
  server.get("/api/config", () => ({ prometheusUrl, job: BUNDLE.job }));
  server.get("/api/dashboards", () => dashboards.map(({ uid, title, description }) => ({ uid, title, description })));
  server.get<{ Params: { uid: string } }>("/api/dashboards/:uid", async ({ params }, reply) => {
    const known = dashboards.find(({ uid }) => uid === params.uid);
    if (known === undefined) return problem(reply, 404, "Not Found", `There is no dashboard ${params.uid}`);
    return reply.send({ ...classicDashboard(known), ...view });
  });
  server.get<{ Params: { "*": string } }>("/api/prometheus/api/v1/*", async ({ params, url }, reply) => {
    if (!isAllowed(params["*"])) return problem(reply, 403, "Forbidden", `${params["*"]} is not passed on`);
    const search = url.includes("?") ? url.slice(url.indexOf("?")) : "";
    const answer = await forwardToPrometheus(prometheusUrl, params["*"], search);
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
