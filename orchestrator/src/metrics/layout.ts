import {
  ACK_OUTCOMES,
  CRASH_REASONS,
  DISCARD_REASONS,
  FAILURE_REASONS,
  LANES,
  type LabelOf,
  METRICS,
  type MetricNameOf,
  type MetricSpec,
  REJECT_REASONS,
  REQUEST_CAUSES,
  REQUEST_OUTCOMES,
  REQUEST_ROUTES,
  UPSTREAM_OUTCOMES,
  UPSTREAMS,
} from "./contract.ts";

/** Value of the label `type` of a refused submission that names no type that is known. */
export const UNKNOWN_TYPE = "unknown";

/** A metric that is counted in cells. */
export type CellMetric = MetricNameOf<"counter"> | MetricNameOf<"histogram">;
/** A value for each of its labels. */
export type LabelsOf<M extends CellMetric> = Readonly<Record<LabelOf<M>, string>>;
type Labels = Readonly<Record<string, string>>;

/** One time series: its cells are `width` numbers from `offset` (a counter takes one; a histogram one per bucket, one for +Inf and the sum). */
export type Series = { readonly labels: Labels; readonly offset: number; readonly width: number };

/** Where every counter and histogram of the contract has its cells. Equal in every process that is given the same types. */
export type Layout = {
  readonly types: readonly string[];
  /** Number of cells. */
  readonly size: number;
  readonly series: ReadonlyMap<CellMetric, readonly Series[]>;
  /** First cell of one series. Throws where the contract has none: a name or a label value that does not exist. */
  offsetOf<M extends CellMetric>(metric: M, labels: LabelsOf<M>): number;
};

/** Lays out every label combination of the contract's counters and histograms for these task types. */
export function createLayout(types: readonly string[]): Layout {
  const series = new Map<CellMetric, Series[]>();
  const offsets = new Map<string, number>();
  let size = 0;
  for (const [name, spec] of Object.entries(METRICS) as [CellMetric, MetricSpec][]) {
    if (spec.type === "gauge") continue;
    const width = spec.buckets === undefined ? 1 : spec.buckets.length + 2;
    const list = combinations(spec.labels, (label) => valuesOf(name, label, types))
      .filter(isPossible)
      .map((labels) => {
        const one = { labels, offset: size, width };
        offsets.set(keyOf(name, spec.labels, labels), size);
        size += width;
        return one;
      });
    series.set(name, list);
  }
  return {
    types,
    size,
    series,
    offsetOf(metric, labels) {
      const offset = offsets.get(keyOf(metric, METRICS[metric].labels, labels as Labels));
      if (offset === undefined) throw new RangeError(`no series ${metric} ${JSON.stringify(labels)}`);
      return offset;
    },
  };
}

function keyOf(metric: string, names: readonly string[], labels: Labels): string {
  return [metric, ...names.map((name) => labels[name])].join("\n");
}

function valuesOf(metric: CellMetric, label: string, types: readonly string[]): readonly string[] {
  switch (label) {
    case "type":
      return metric === "mcp_tasks_rejected_total" ? [...types, UNKNOWN_TYPE] : types;
    case "lane":
      return LANES;
    case "upstream":
      return UPSTREAMS;
    case "route":
      return REQUEST_ROUTES;
    case "cause":
      return Object.keys(REQUEST_CAUSES);
    case "outcome":
      if (metric === "mcp_http_requests_total" || metric === "mcp_submission_duration_seconds") return REQUEST_OUTCOMES;
      return metric === "mcp_ack_attempts_total" ? ACK_OUTCOMES : UPSTREAM_OUTCOMES;
    case "reason":
      if (metric === "mcp_dead_letters_discarded_total") return DISCARD_REASONS;
      if (metric === "mcp_tasks_failed_total") return FAILURE_REASONS;
      return metric === "mcp_worker_crashes_total" ? CRASH_REASONS : REJECT_REASONS;
    default:
      throw new RangeError(`the values of label ${label} of ${metric} are not known`);
  }
}

/** A cause belongs to one outcome: series of the others would only be 0. */
function isPossible({ cause, outcome }: Labels): boolean {
  return cause === undefined || REQUEST_CAUSES[cause as keyof typeof REQUEST_CAUSES] === outcome;
}

function combinations(names: readonly string[], valuesOfLabel: (label: string) => readonly string[]): Labels[] {
  return names.reduce<Labels[]>(
    (partial, name) => partial.flatMap((labels) => valuesOfLabel(name).map((value) => ({ ...labels, [name]: value }))),
    [{}],
  );
}
