import { DASHBOARDS } from "../dashboards/index.ts";
import { panelsOf } from "../model/dashboard.ts";
import { queriesOf } from "../model/panel.ts";
import { scrapesPerStep } from "../model/time.ts";
import { ALL_VALUES } from "../model/variables.ts";
import { interpolate } from "../preview/web/data/interpolate.ts";
import { sampling } from "../preview/web/data/step.ts";
import { text } from "../query/vector.ts";

/** The result of one query of one panel. */
export type QueryResult = {
  readonly dashboard: string;
  /** The panel's key. */
  readonly panel: string;
  readonly query: string;
  /** Samples that are numbers, over all series. */
  readonly samples: number;
  readonly series: number;
  /** Prometheus' error, if it rejected the query. */
  readonly error?: string;
};

/** The result of a range query. */
export type Answer = Pick<QueryResult, "samples" | "series" | "error">;

/** Runs the queries: a Prometheus, or a Grafana in front of one. */
export type Ask = (query: string, range: { fromMs: number; toMs: number; stepMs: number }) => Promise<Answer>;

export type ReportOptions = {
  readonly ask: Ask;
  /** End of the range. */
  readonly nowMs: number;
  readonly rangeMs: number;
  readonly scrapeIntervalMs: number;
};

/** Points of a panel of ordinary width. */
const POINTS = 300;

/** Runs every query of every panel, with all variables at "All". */
export async function reportPanels({ ask, nowMs, rangeMs, scrapeIntervalMs }: ReportOptions): Promise<QueryResult[]> {
  const range = { fromMs: nowMs - rangeMs, toMs: nowMs };
  const queries = DASHBOARDS.flatMap((dashboard) => {
    const allValues = Object.fromEntries(dashboard.variables.map(({ name }) => [name, ALL_VALUES]));
    return panelsOf(dashboard).flatMap((panel) => {
      const sampled = sampling(range, POINTS, scrapeIntervalMs * scrapesPerStep(panel));
      return queriesOf(panel).map((vector) => ({
        asked: { dashboard: dashboard.uid, panel: panel.key, query: interpolate(text(vector), {}, allValues, sampled) },
        stepMs: sampled.stepMs,
      }));
    });
  });
  const results: QueryResult[] = [];
  for (const { asked, stepMs } of queries) {
    results.push({ ...asked, ...(await ask(asked.query, { ...range, stepMs })) });
  }
  return results;
}

type PrometheusAnswer = { status: string; error?: string; data?: { result: { values: [number, string][] }[] } };

/** Queries a Prometheus. @param url its base address */
export function askPrometheus(url: string): Ask {
  return async (query, { fromMs, toMs, stepMs }) => {
    const body = new URLSearchParams({
      query,
      start: String(fromMs / 1000),
      end: String(toMs / 1000),
      step: String(stepMs / 1000),
    });
    const response = await fetch(`${url}/api/v1/query_range`, { method: "POST", body });
    const answer = (await response.json()) as PrometheusAnswer;
    const series = answer.data?.result ?? [];
    return {
      series: series.length,
      samples: series.flatMap(({ values }) => values).filter(([, value]) => value !== "NaN").length,
      ...(answer.status === "success" ? {} : { error: answer.error ?? `status ${response.status}` }),
    };
  };
}

/** The queries without numbers, one line each. */
export function emptyPanels(results: readonly QueryResult[]): string[] {
  return results
    .filter(({ samples }) => samples === 0)
    .map(({ dashboard, panel, error, query }) => `${dashboard} ${panel}: ${error ?? "no data"} for ${query}`);
}
