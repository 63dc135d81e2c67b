import { z } from "zod";
import { HttpStatusError, requestJson } from "../../testkit/http.ts";

/** The result of a range query. */
export type GrafanaAnswer = { readonly series: number; readonly samples: number; readonly error?: string };

const imported = z.object({ uid: z.string(), status: z.literal("success") });
const dashboard = z.object({
  meta: z.object({ provisioned: z.boolean() }),
  dashboard: z.looseObject({
    uid: z.string(),
    title: z.string(),
    panels: z.array(
      z.looseObject({
        title: z.string().optional(),
        targets: z.array(z.looseObject({ refId: z.string(), expr: z.string().optional() })).optional(),
      }),
    ),
  }),
});
const queried = z.object({
  results: z.record(
    z.string(),
    z.object({
      error: z.string().optional(),
      // By column: the time first, then the values. What is not a number is null or a text.
      frames: z
        .array(z.object({ data: z.object({ values: z.array(z.array(z.unknown())) }) }))
        .nullish()
        .transform((frames) => frames ?? []),
    }),
  ),
});

export type GrafanaDashboard = z.infer<typeof dashboard>;

/**
 * Grafana's HTTP API, as documented at
 * https://grafana.com/docs/grafana/latest/developers/http_api/dashboard/ and, for queries, `.../data_source/`.
 */
export class GrafanaClient {
  readonly url: string;
  readonly #authorization: Readonly<Record<string, string>>;

  /** @param login of an administrator; anonymous without it */
  constructor(url: string, login?: { readonly user: string; readonly password: string }) {
    this.url = url;
    this.#authorization =
      login === undefined
        ? {}
        : { authorization: `Basic ${Buffer.from(`${login.user}:${login.password}`).toString("base64")}` };
  }

  /** Imports a dashboard, as its page "Import" does; returns its uid. @throws HttpStatusError if it is rejected */
  async importDashboard(model: object): Promise<string> {
    const json = { dashboard: { ...model, id: null }, overwrite: true };
    return imported.parse(await this.#call("/api/dashboards/db", json)).uid;
  }

  /** A dashboard by its uid. @throws HttpStatusError if it does not exist */
  async dashboard(uid: string): Promise<GrafanaDashboard> {
    return dashboard.parse(await this.#call(`/api/dashboards/uid/${encodeURIComponent(uid)}`));
  }

  /** Runs a range query against a data source, like a panel. A rejection is returned, not thrown. */
  async query(
    dataSourceUid: string,
    expr: string,
    { fromMs, toMs, stepMs }: { fromMs: number; toMs: number; stepMs: number },
  ): Promise<GrafanaAnswer> {
    const query = {
      refId: "A",
      datasource: { type: "prometheus", uid: dataSourceUid },
      ...{ expr, range: true, instant: false, format: "time_series" },
      ...{ intervalMs: stepMs, maxDataPoints: Math.ceil((toMs - fromMs) / stepMs) + 1 },
    };
    const json = { from: String(fromMs), to: String(toMs), queries: [query] };
    try {
      const result = queried.parse(await this.#call("/api/ds/query", json)).results.A;
      const frames = result?.frames ?? [];
      const samples = frames
        .flatMap(({ data }) => data.values.slice(1))
        .flat()
        .filter((value) => typeof value === "number").length;
      const error = result === undefined ? "no result" : result.error;
      return { series: frames.length, samples, ...(error === undefined ? {} : { error }) };
    } catch (error) {
      if (!(error instanceof HttpStatusError)) throw error;
      return { series: 0, samples: 0, error: error.message };
    }
  }

  #call(path: string, json?: object): Promise<unknown> {
    return requestJson(`${this.url}${path}`, {
      headers: this.#authorization,
      ...(json === undefined ? {} : { json }),
    });
  }
}
