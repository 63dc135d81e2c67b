import type { Bundle } from "../bundle/schema.ts";

/**
 * Hand-written promtool samples of one alert. They are the oracle: every number, label and text in them is typed by
 * hand and none is taken from the catalogue, so that a wrong threshold, window or `for` cannot prove itself right.
 */
export type Samples = {
  /** The threshold these samples were written for; they are left out of the tests where the user chose another. */
  readonly threshold: number;
  /** Labels that every alert of this name carries beside its own. */
  readonly labels: Labels;
  readonly cases: readonly Case[];
};

export type Labels = Readonly<Record<string, string>>;

/** One story: what was scraped, and what the alert was at certain times. */
export type Case = {
  /** What must be true, as a sentence. */
  readonly name: string;
  /** Promtool's notation, one sample per 15 s; see `scrapes.ts`. */
  readonly series: Readonly<Record<string, string>>;
  /** Times in order; what is not listed as pending or firing at a time must be neither. */
  readonly expect: readonly Expectation[];
  /** What is notified at a time. */
  readonly annotated?: { readonly at: string; readonly labels: Labels; readonly annotations: Labels };
};

export type Expectation = {
  /** Time since the start: `5m15s`. */
  readonly at: string;
  readonly pending?: readonly Labels[];
  readonly firing?: readonly Labels[];
};

/** Addresses that the hand-written texts start with, by what the bundle puts in their place. */
const WRITTEN_LINKS = {
  runbooks: "http://localhost:8090/runbooks",
  dashboards: "http://localhost:3000",
} as const;
/** Job under which the hand-written targets are scraped. */
const WRITTEN_JOB = 'job="mcp-orchestrator"';

/** Labels that tell the installation of the samples from others; none where there is only one. */
export function sampleScope({ scope }: Pick<Bundle, "scope">): Labels {
  return scope.installations[0] ?? {};
}

/**
 * The samples as an installation sees them: its job, its labels on what is scraped and on what fires, its links. Times,
 * values and states stay as they were written.
 */
export function scopedSamples(
  samples: Samples,
  bundle: Pick<Bundle, "job" | "selector" | "scope" | "links" | "alertLabels">,
): Samples {
  const own = sampleScope(bundle);
  const scraped = { ...own, ...bundle.selector };
  const withOwn = (labels: Labels) => ({ ...own, ...labels });
  return {
    ...samples,
    labels: { ...samples.labels, ...bundle.alertLabels },
    cases: samples.cases.map(({ annotated, ...story }) => ({
      ...story,
      series: Object.fromEntries(
        Object.entries(story.series).map(([name, values]) => [
          withLabels(name.replace(WRITTEN_JOB, `job=${JSON.stringify(bundle.job)}`), scraped),
          values,
        ]),
      ),
      expect: story.expect.map(({ at, pending, firing }) => ({
        at,
        ...(pending === undefined ? {} : { pending: pending.map(withOwn) }),
        ...(firing === undefined ? {} : { firing: firing.map(withOwn) }),
      })),
      ...(annotated === undefined
        ? {}
        : {
            annotated: {
              ...annotated,
              labels: withOwn(annotated.labels),
              annotations: scopedTexts(annotated.annotations, own, bundle.links),
            },
          }),
    })),
  };
}

/** A series as promtool writes it, with more labels. */
function withLabels(series: string, labels: Labels): string {
  const added = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  if (added.length === 0) return series;
  const [, name = series, written = ""] = /^([^{]*)(?:\{(.*)\})?$/.exec(series) ?? [];
  return `${name}{${[...(written === "" ? [] : [written]), ...added].join(", ")}}`;
}

function scopedTexts(texts: Labels, own: Labels, links: Bundle["links"]): Labels {
  const named = Object.entries(own).map(([label, value]) => `${label} ${value}`);
  const variables = Object.entries(own).map(([label, value]) => `&var-${label}=${encodeURIComponent(value)}`);
  const moved = (written: string | undefined, from: string, to: string | undefined, more = "") =>
    written === undefined || to === undefined ? undefined : `${written.replace(from, to)}${more}`;
  const { summary = "", runbook_url, dashboard_url, ...rest } = texts;
  const runbook = moved(runbook_url, WRITTEN_LINKS.runbooks, links.runbooks);
  const dashboard = moved(dashboard_url, WRITTEN_LINKS.dashboards, links.dashboards, variables.join(""));
  return {
    summary: named.length === 0 ? summary : `${summary} (${named.join(", ")})`,
    ...rest,
    ...(runbook === undefined ? {} : { runbook_url: runbook }),
    ...(dashboard === undefined ? {} : { dashboard_url: dashboard }),
  };
}
