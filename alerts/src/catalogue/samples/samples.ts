import type { Installation } from "../installation.ts";

/**
 * Hand-written promtool samples of one alert. They are the oracle: every number, label and text in them is typed by
 * hand and none is taken from the catalogue, so that a wrong threshold, window or `for` cannot prove itself right.
 */
export type Samples = {
  /** The threshold these samples were written for; they are left out of the tests where the user chose another. */
  readonly threshold: number;
  /** Labels that every alert of this name has beside its own. */
  readonly labels: Labels;
  /** Labels of the alerts that the cases are about; absent for all alerts of the name. */
  readonly about?: Labels;
  readonly cases: readonly Case[];
};

export type Labels = Readonly<Record<string, string>>;

/** One case: what was scraped, and the state of the alert at certain times. */
export type Case = {
  /** What must be true, as a sentence. */
  readonly name: string;
  /** Seconds between two samples of its series; 15 if absent, which is too slow for days of samples. */
  readonly everySeconds?: number;
  /** Promtool's notation; see `scrapes.ts`. */
  readonly series: Readonly<Record<string, string>>;
  /** In order of time. An alert that is not listed as pending or firing must be inactive. */
  readonly expect: readonly Expectation[];
  /** The expected notification at a time; with several installations, one for each. */
  readonly annotated?: Annotated | readonly Annotated[];
};

export type Annotated = { readonly at: string; readonly labels: Labels; readonly annotations: Labels };

export type Expectation = {
  /** Time since the start: `5m15s`. */
  readonly at: string;
  readonly pending?: readonly Labels[];
  readonly firing?: readonly Labels[];
};

/**
 * What an alert is at certain times: `timeline("1m45s silent, 2m pending, 7m firing", { type: "ml" })`.
 *
 * @param states times in order, each with `silent`, `pending` or `firing`
 * @param alerts labels of the alerts that are pending and firing
 */
export function timeline(states: string, ...alerts: readonly Labels[]): Expectation[] {
  return states.split(", ").map((entry) => {
    const [, at = "", state = ""] = /^(\w+) (silent|pending|firing)$/.exec(entry) ?? [];
    if (at === "") throw new RangeError(`Not a time and a state: ${entry}`);
    if (state !== "silent" && alerts.length === 0) throw new RangeError(`No alert is named for: ${entry}`);
    return state === "silent" ? { at } : { at, [state]: alerts };
  });
}

/** Addresses in the hand-written texts, by the link of the bundle that replaces them. */
const WRITTEN_LINKS = {
  runbooks: "http://localhost:8090/runbooks",
  dashboards: "http://localhost:3000",
} as const;
/** Job under which the hand-written targets are scraped. */
const WRITTEN_JOB = 'job="mcp-orchestrator"';

/**
 * The samples for an installation: with its job, its scope labels on series and alerts, and its links. Times, values and
 * states do not change. With several installations, the same happens in each. Series that differ in a replica label are
 * there twice. Series without a label of the selector are of the next case, which must change nothing.
 */
export function scopedSamples(samples: Samples, installation: Installation): Samples {
  const { alertLabels, job, links, scope, selector } = installation;
  const owns: readonly Labels[] = scope.installations.length === 0 ? [{}] : scope.installations;
  const copies =
    scope.replicaLabels.length === 0 ? [{}] : ["one", "two"].map((copy) => every(scope.replicaLabels, copy));
  const inside = owns.flatMap((own) => copies.map((copy) => ({ ...own, ...selector, ...copy })));
  const outside = Object.keys(selector).flatMap((label) =>
    owns.map((own) => ({ ...own, ...selector, [label]: "other" })),
  );
  const labelled = (series: Case["series"], all: readonly Labels[]) =>
    Object.entries(series).flatMap(([name, values]) =>
      all.map((labels) => [withLabels(name.replace(WRITTEN_JOB, `job=${JSON.stringify(job)}`), labels), values]),
    );
  const ofEach = (all: readonly Labels[]) => owns.flatMap((own) => all.map((labels) => ({ ...own, ...labels })));
  return {
    ...samples,
    labels: { ...samples.labels, ...alertLabels },
    cases: samples.cases.map(({ annotated, ...one }, index) => ({
      ...one,
      series: Object.fromEntries([
        ...labelled(one.series, inside),
        ...labelled(ofTheService((samples.cases[index + 1] ?? one).series), outside),
      ]),
      expect: one.expect.map(({ at, pending, firing }) => ({
        at,
        ...(pending === undefined ? {} : { pending: ofEach(pending) }),
        ...(firing === undefined ? {} : { firing: ofEach(firing) }),
      })),
      ...(annotated === undefined
        ? {}
        : {
            annotated: owns.flatMap((own) =>
              [annotated].flat().map(({ at, labels, annotations }) => ({
                at,
                labels: { ...own, ...labels },
                annotations: scopedTexts(annotations, own, links),
              })),
            ),
          }),
    })),
  };
}

function every(labels: readonly string[], value: string): Labels {
  return Object.fromEntries(labels.map((label) => [label, value]));
}

/** What is scraped from the service. Other series have no label of the selector, such as ALERTS. */
function ofTheService(series: Case["series"]): Case["series"] {
  return Object.fromEntries(Object.entries(series).filter(([name]) => /^(mcp_|up\b)/.test(name)));
}

/** A series as promtool writes it, with more labels. */
function withLabels(series: string, labels: Labels): string {
  const added = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  if (added.length === 0) return series;
  const [, name = series, written = ""] = /^([^{]*)(?:\{(.*)\})?$/.exec(series) ?? [];
  return `${name}{${[...(written === "" ? [] : [written]), ...added].join(", ")}}`;
}

function scopedTexts(texts: Labels, own: Labels, links: Installation["links"]): Labels {
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
