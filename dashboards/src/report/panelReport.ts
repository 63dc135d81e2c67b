import { DASHBOARDS } from "../dashboards/index.ts";
import { panelsOf } from "../model/dashboard.ts";
import { queriesOf } from "../model/panel.ts";
import { ALL_VALUES, VARIABLES } from "../model/variables.ts";
import { interpolate } from "../preview/web/interpolate.ts";
import { sampling } from "../preview/web/step.ts";
import { text } from "../query/vector.ts";

/** What one query of one panel got from a Prometheus. */
export type QueryResult = {
  readonly dashboard: string;
  /** The panel's key. */
  readonly panel: string;
  readonly query: string;
  /** Samples that are numbers, over all series. */
  readonly samples: number;
  readonly series: number;
  /** What Prometheus said where it refused the query. */
  readonly error?: string;
};

export type ReportOptions = {
  readonly prometheusUrl: string;
  /** End of the range that is asked for. */
  readonly nowMs: number;
  readonly rangeMs: number;
  readonly scrapeIntervalMs: number;
};

/** As many points as a panel of ordinary width asks for. */
const POINTS = 300;

type Answer = { status: string; error?: string; data?: { result: { values: [number, string][] }[] } };

/** Asks every query of every panel, with all variables at "All". */
export async function reportPanels({ prometheusUrl, nowMs, rangeMs, scrapeIntervalMs }: ReportOptions) {
  const sampled = sampling({ fromMs: nowMs - rangeMs, toMs: nowMs }, POINTS, scrapeIntervalMs);
  const allValues = Object.fromEntries(VARIABLES.map(({ name }) => [name, ALL_VALUES]));
  const queries = DASHBOARDS.flatMap((dashboard) =>
    panelsOf(dashboard).flatMap((panel) =>
      queriesOf(panel).map((vector) => ({
        dashboard: dashboard.uid,
        panel: panel.key,
        query: interpolate(text(vector), {}, allValues, sampled),
      })),
    ),
  );
  const results: QueryResult[] = [];
  for (const asked of queries) {
    const params = new URLSearchParams({
      query: asked.query,
      start: String((nowMs - rangeMs) / 1000),
      end: String(nowMs / 1000),
      step: String(sampled.stepMs / 1000),
    });
    const response = await fetch(`${prometheusUrl}/api/v1/query_range`, { method: "POST", body: params });
    const answer = (await response.json()) as Answer;
    const series = answer.data?.result ?? [];
    const samples = series.flatMap(({ values }) => values).filter(([, value]) => value !== "NaN").length;
    results.push({
      ...asked,
      series: series.length,
      samples,
      ...(answer.status === "success" ? {} : { error: answer.error ?? `status ${response.status}` }),
    });
  }
  return results;
}

/** The queries that showed nothing, as a report has them: one line each. */
export function emptyPanels(results: readonly QueryResult[]): string[] {
  return results
    .filter(({ samples }) => samples === 0)
    .map(({ dashboard, panel, error, query }) => `${dashboard} ${panel}: ${error ?? "no data"} for ${query}`);
}
