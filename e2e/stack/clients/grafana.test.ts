import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { GrafanaClient } from "./grafana.ts";

/** A substitute with the answers of Grafana's documentation. The compose suite tests the real one. */
let server: Server;
let url: string;
let answer: { status: number; body: unknown };
const asked: { method: string; path: string; authorization: string | undefined; body: unknown }[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    let text = "";
    request.on("data", (data) => {
      text += data;
    });
    request.on("end", () => {
      const { method = "", url: path = "", headers } = request;
      asked.push({
        method,
        path,
        authorization: headers.authorization,
        body: text === "" ? undefined : JSON.parse(text),
      });
      response.writeHead(answer.status, { "content-type": "application/json" }).end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  asked.length = 0;
});
afterAll(() => server.close());

const range = { fromMs: 60_000, toMs: 120_000, stepMs: 15_000 };

it("counts the series and the numbers of a query, and sends no login for an anonymous visitor", async () => {
  const frame = (...values: unknown[]) => ({ schema: { refId: "A" }, data: { values: [[60_000, 75_000], values] } });
  answer = { status: 200, body: { results: { A: { status: 200, frames: [frame(1, 2), frame(null, 3)] } } } };
  expect(await new GrafanaClient(url).query("prometheus", "up", range)).toEqual({ series: 2, samples: 3 });
  expect(asked).toMatchObject([
    {
      path: "/api/ds/query",
      authorization: undefined,
      body: { from: "60000", to: "120000", queries: [{ expr: "up", intervalMs: 15_000, maxDataPoints: 5 }] },
    },
  ]);
});

it.each([
  [207, "bad_data: parse error"],
  [400, "bad_data: parse error"],
])("reports why a query was rejected with status %i", async (status, error) => {
  answer = { status, body: { results: { A: { status: 400, error, frames: [] } } } };
  const refused = await new GrafanaClient(url).query("prometheus", "up(", range);
  expect(refused).toMatchObject({ samples: 0, error: expect.stringContaining(error) });
});

it("imports a dashboard as an administrator, whatever id it had", async () => {
  answer = { status: 200, body: { id: 1, uid: "copy", status: "success", version: 1 } };
  const client = new GrafanaClient(url, { user: "admin", password: "secret" });
  expect(await client.importDashboard({ id: 7, uid: "copy", panels: [] })).toBe("copy");
  expect(asked).toMatchObject([
    {
      method: "POST",
      path: "/api/dashboards/db",
      authorization: `Basic ${btoa("admin:secret")}`,
      body: { dashboard: { id: null, uid: "copy" }, overwrite: true },
    },
  ]);
});
