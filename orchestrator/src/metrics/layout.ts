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
  REQUEST_CAUSES,
  REQUEST_OUTCOMES,
  REQUEST_ROUTES,
  type RequestCause,
  SUBMISSION_CAUSES,
  UPSTREAM_OUTCOMES,
  UPSTREAMS,
} from "./contract.ts";

/** Value of the label `type` for a submitted task of an unknown type, which is invalid. */
export const UNKNOWN_TYPE = "unknown";

/** A metric that is counted here, in contrast to a gauge, which is read. */
export type CountedMetric = MetricNameOf<"counter"> | MetricNameOf<"histogram">;
/** A value for each label of a metric. */
export type LabelsOf<M extends CountedMetric> = Readonly<Record<LabelOf<M>, string>>;
type Labels = Readonly<Record<string, string>>;

/** One time series. A counter takes one offset; a histogram takes one per bucket and one for +Inf. */
export type Series = { readonly metric: CountedMetric; readonly labels: Labels; readonly offset: number };

/** The offsets of all counters and histograms of the contract. Equal in all processes with the same types. */
export type Layout = {
  readonly types: readonly string[];
  /** Number of offsets. */
  readonly size: number;
  readonly series: readonly Series[];
  /** First offset of one series. Throws if the contract has no such name or label value. */
  offsetOf<M extends CountedMetric>(metric: M, labels: LabelsOf<M>): number;
};

/** Creates the layout of all label combinations for these task types. */
export function createLayout(types: readonly string[]): Layout {
  const series: Series[] = [];
  const offsets = new Map<string, number>();
  let size = 0;
  for (const [metric, spec] of Object.entries(METRICS) as [CountedMetric, MetricSpec][]) {
    if (spec.type === "gauge") continue;
    const combined = combinations(spec.labels, (label) => valuesOf(metric, label, types)).filter(isPossible);
    for (const labels of combined) {
      series.push({ metric, labels, offset: size });
      offsets.set(keyOf(metric, spec.labels, labels), size);
      size += spec.buckets === undefined ? 1 : spec.buckets.length + 1;
    }
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

function valuesOf(metric: CountedMetric, label: string, types: readonly string[]): readonly string[] {
  switch (label) {
    case "type":
      return metric === "mcp_tasks_submitted_total" ? [...types, UNKNOWN_TYPE] : types;
    case "lane":
      return LANES;
    case "upstream":
      return UPSTREAMS;
    case "route":
      return REQUEST_ROUTES;
    case "cause":
      return metric === "mcp_tasks_submitted_total" ? SUBMISSION_CAUSES : Object.keys(REQUEST_CAUSES);
    case "outcome":
      if (metric === "mcp_http_requests_total" || metric === "mcp_submission_duration_seconds") return REQUEST_OUTCOMES;
      return metric === "mcp_ack_attempts_total" ? ACK_OUTCOMES : UPSTREAM_OUTCOMES;
    case "reason":
      if (metric === "mcp_dead_letters_discarded_total") return DISCARD_REASONS;
      if (metric === "mcp_tasks_failed_total") return FAILURE_REASONS;
      return CRASH_REASONS;
    default:
      throw new RangeError(`the values of label ${label} of ${metric} are not known`);
  }
}

/** A cause belongs to one outcome, and a task of an unknown type is invalid. Any other series would always be 0. */
function isPossible({ type, cause, outcome }: Labels): boolean {
  if (type === UNKNOWN_TYPE) return cause === "invalid";
  return outcome === undefined || cause === undefined || REQUEST_CAUSES[cause as RequestCause] === outcome;
}

function combinations(names: readonly string[], valuesOfLabel: (label: string) => readonly string[]): Labels[] {
  return names.reduce<Labels[]>(
    (partial, name) => partial.flatMap((labels) => valuesOfLabel(name).map((value) => ({ ...labels, [name]: value }))),
    [{}],
  );
}
