import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { resolveBundle } from "@mcp-orchestrator/alerts";
import { dashboardsFor, renderClassic } from "@mcp-orchestrator/dashboards";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GrafanaApi } from "../servers.ts";
import { dashboards } from "./dashboards.ts";
import { checkContext } from "./testing.ts";

/** A substitute with the answers of Grafana's documentation. */
type Json = { id: number; panels: { id: number; title: string; targets?: { expr: string }[] }[] };
const generated = dashboardsFor(resolveBundle({})).map((spec) => ({
  uid: spec.uid,
  dashboard: JSON.parse(renderClassic(spec)) as Json,
}));
const stored = new Map<string, Json>();
let server: Server;
let grafana: GrafanaApi;

beforeAll(async () => {
  server = createServer(({ url = "", headers }, response) => {
    const dashboard = stored.get(url.split("/").at(-1) ?? "");
    const status = headers.authorization !== "Bearer t" ? 401 : dashboard === undefined ? 404 : 200;
    response.writeHead(status).end(JSON.stringify(status === 200 ? { meta: {}, dashboard } : { message: "no" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  grafana = new GrafanaApi({ url, headers: { Authorization: "Bearer t" } });
});
afterAll(() => server.close());

test("each dashboard is compared with the generated one, panel by panel", async () => {
  for (const { uid, dashboard } of generated) stored.set(uid, { ...structuredClone(dashboard), id: 7 });
  const findings = await dashboards.examine(checkContext({ grafana }));
  expect(findings.map(({ status }) => status)).toEqual(generated.map(() => "ok"));

  const [overview, queues] = generated.map(({ uid }) => stored.get(uid));
  stored.delete(generated.at(-1)?.uid ?? "");
  const gone = overview?.panels.splice(
    overview.panels.findIndex(({ id }) => id === 5),
    1,
  );
  const changed = queues?.panels.find(({ targets = [] }) => targets.length > 0);
  for (const target of changed?.targets ?? []) target.expr = "up";
  expect((await dashboards.examine(checkContext({ grafana }))).filter(({ status }) => status !== "ok")).toMatchObject([
    { status: "problem", message: `lacks the panels ${gone?.[0]?.title} (5): links to them are dead` },
    { status: "warning", message: `other queries than generated: ${changed?.title} (${changed?.id})` },
    {
      status: "problem",
      message: "is not in this Grafana",
      remedy: expect.stringContaining(generated.at(-1)?.uid ?? ""),
    },
  ]);
});

test("a rejected token is an error, not a missing dashboard", async () => {
  const denied = new GrafanaApi({ url: grafana.url });
  await expect(dashboards.examine(checkContext({ grafana: denied }))).rejects.toMatchObject({
    code: "HTTP_STATUS",
    status: 401,
  });
});
