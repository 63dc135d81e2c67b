import { z } from "zod";
import { HttpStatusError, request } from "../../e2e/testkit/http.ts";

/** A server's answer is not of the form that its API documents. */
class UnexpectedAnswerError extends Error {
  readonly code = "UNEXPECTED_ANSWER";
  readonly subject: string;

  constructor(url: string, cause: unknown) {
    super(`${url} did not answer as its API describes; is it the right address?`, { cause });
    this.name = "UnexpectedAnswerError";
    this.subject = url;
  }
}

/** Address and credentials of a server. */
export type Address = { readonly url: string; readonly headers?: Readonly<Record<string, string>> };

/** An HTTP API with validated answers. */
class Api {
  readonly url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor({ url, headers = {} }: Address) {
    this.url = url.replace(/\/+$/, "");
    this.#headers = headers;
  }

  protected async text(path: string): Promise<string> {
    return request(`${this.url}${path}`, { headers: this.#headers });
  }

  protected async json<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    const text = await this.text(path);
    try {
      return schema.parse(JSON.parse(text));
    } catch (error) {
      throw new UnexpectedAnswerError(`${this.url}${path}`, error);
    }
  }
}

const labels = z.record(z.string(), z.string());
const data = <T extends z.ZodType>(schema: T) => z.object({ status: z.literal("success"), data: schema });

const vector = data(
  z.object({ result: z.array(z.object({ metric: labels, value: z.tuple([z.number(), z.string()]) })) }),
);
const matrix = data(
  z.object({ result: z.array(z.object({ metric: labels, values: z.array(z.tuple([z.number(), z.string()])) })) }),
);
const scalar = data(z.object({ result: z.tuple([z.number(), z.string()]) }));

const rule = z.object({
  type: z.enum(["alerting", "recording"]),
  name: z.string(),
  query: z.string(),
  health: z.string(),
  lastError: z.string().default(""),
  labels: labels.default({}),
  annotations: labels.default({}),
  /** Seconds of `for`. */
  duration: z.number().default(0),
  /** Seconds of `keep_firing_for`. */
  keepFiringFor: z.number().default(0),
});
const group = z.object({
  name: z.string(),
  file: z.string().default(""),
  /** Seconds between two evaluations. */
  interval: z.number(),
  rules: z.array(rule),
  /** Seconds that the last evaluation took. */
  evaluationTime: z.number().default(0),
  lastEvaluation: z.string().default(""),
});

/** A rule as loaded by Prometheus. */
export type LoadedRule = z.output<typeof rule>;
/** A rule group as loaded by Prometheus. */
export type LoadedGroup = z.output<typeof group>;
/** One series of an instant query. */
export type Sample = { readonly labels: Readonly<Record<string, string>>; readonly value: number };
/** A scrape target, with the result of its last scrape. */
export type Target = { readonly labels: Readonly<Record<string, string>>; readonly lastError: string };

/** Prometheus, Mimir or Thanos. What only Prometheus has is undefined for the others. */
export class PrometheusApi extends Api {
  async build(): Promise<{ version: string; application: string }> {
    const answer = await this.json(
      "/api/v1/status/buildinfo",
      data(z.object({ version: z.string().default(""), application: z.string().default("Prometheus") })),
    );
    return answer.data;
  }

  async query(expression: string): Promise<Sample[]> {
    const { result } = (await this.json(`/api/v1/query?${new URLSearchParams({ query: expression })}`, vector)).data;
    return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  /** The times, in seconds, of the samples of each series of a range selector. */
  async sampleTimes(rangeSelector: string): Promise<number[][]> {
    const { result } = (await this.json(`/api/v1/query?${new URLSearchParams({ query: rangeSelector })}`, matrix)).data;
    return result.map(({ values }) => values.map(([at]) => at));
  }

  /** Its own clock, in seconds: nothing is compared with the clock of this machine. */
  async time(): Promise<number> {
    return (await this.json("/api/v1/query?query=time()", scalar)).data.result[0];
  }

  async ruleGroups(): Promise<LoadedGroup[]> {
    return (await this.json("/api/v1/rules", data(z.object({ groups: z.array(group) })))).data.groups;
  }

  /** Addresses of the Alertmanagers that it sends to. */
  async alertmanagers(): Promise<string[] | undefined> {
    const schema = data(z.object({ activeAlertmanagers: z.array(z.object({ url: z.string() })) }));
    const answer = await whereThere(this.json("/api/v1/alertmanagers", schema));
    return answer?.data.activeAlertmanagers.map(({ url }) => url);
  }

  async targets(): Promise<Target[] | undefined> {
    const target = z.object({ labels, lastError: z.string().default("") });
    const schema = data(z.object({ activeTargets: z.array(target) }));
    return (await whereThere(this.json("/api/v1/targets?state=active", schema)))?.data.activeTargets;
  }

  /** Its command line flags, without the dashes. */
  async flags(): Promise<Readonly<Record<string, string>> | undefined> {
    return (await whereThere(this.json("/api/v1/status/flags", data(labels))))?.data;
  }
}

const heldAlert = z.object({
  labels,
  generatorURL: z.string().default(""),
  receivers: z.array(z.object({ name: z.string() })),
  status: z.object({ state: z.string(), inhibitedBy: z.array(z.string()), silencedBy: z.array(z.string()) }),
});

/** An alert as Alertmanager returns it. */
export type HeldAlert = z.output<typeof heldAlert>;

export class AlertmanagerApi extends Api {
  async status(): Promise<{ version: string; config: string }> {
    const schema = z.object({
      versionInfo: z.object({ version: z.string() }),
      config: z.object({ original: z.string() }),
    });
    const { versionInfo, config } = await this.json("/api/v2/status", schema);
    return { version: versionInfo.version, config: config.original };
  }

  /** Alerts of a name, including silenced and inhibited ones. */
  async alerts(name: string): Promise<HeldAlert[]> {
    return this.json(`/api/v2/alerts?${new URLSearchParams({ filter: `alertname="${name}"` })}`, z.array(heldAlert));
  }

  /** Requests to receivers of a kind since its start; undefined if it does not report them. */
  async requests(integration: string): Promise<{ sent: number; failed: number } | undefined> {
    const text = await whereThere(this.text("/metrics"));
    if (text === undefined) return undefined;
    const sum = (metric: string) => {
      const lines = [
        ...text.matchAll(new RegExp(`^${metric}\\{[^}]*integration="${integration}"[^}]*\\} (\\S+)$`, "gm")),
      ];
      return lines.length === 0 ? undefined : lines.reduce((total, [, value]) => total + Number(value), 0);
    };
    const sent = sum("alertmanager_notification_requests_total");
    if (sent === undefined) return undefined;
    return { sent, failed: sum("alertmanager_notification_requests_failed_total") ?? 0 };
  }
}

const panel = z.object({
  id: z.number(),
  title: z.string().default(""),
  targets: z.array(z.object({ refId: z.string(), expr: z.string().optional() })).default([]),
});

/** A panel of a dashboard, with its queries. */
export type Panel = z.output<typeof panel>;

export class GrafanaApi extends Api {
  async version(): Promise<string> {
    return (await this.json("/api/health", z.object({ version: z.string().default("") }))).version;
  }

  /** Panels of a dashboard by uid; undefined if it does not exist. */
  async panels(uid: string): Promise<Panel[] | undefined> {
    const schema = z.object({ dashboard: z.object({ panels: z.array(panel) }) });
    return (await whereThere(this.json(`/api/dashboards/uid/${uid}`, schema)))?.dashboard.panels;
  }
}

/** Panels of a dashboard file. */
export function panelsIn(json: string): Panel[] {
  return z.object({ panels: z.array(panel) }).parse(JSON.parse(json)).panels;
}

/** Turns the 404 of a missing endpoint into undefined. */
async function whereThere<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof HttpStatusError && [404, 405, 501].includes(error.status)) return undefined;
    throw error;
  }
}
