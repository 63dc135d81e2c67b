import type { Bundle } from "../bundle/schema.ts";
import { CatalogueError } from "../errors.ts";
import type { PanelKey } from "../panels.ts";
import { binary, type Comparator, call, type Expression, number } from "../promql/expression.ts";
import { scoped, scopedName } from "../promql/scope.ts";
import { recorded } from "../promql/series.ts";
import { formatDuration, minutes } from "../timing.ts";
import { formatThreshold, type Unit, valueTemplate } from "../units.ts";
import type { FaultId } from "./faults.ts";
import type { Runbook } from "./runbook.ts";
import { type Samples, scopedSamples } from "./samples.ts";

export type Severity = "critical" | "warning" | "none";

/** What an alert watches, as a recording rule: the alert stays short, and the last value known can be held. */
export type Signal = {
  /** Name of the recorded series: `<labels>:<metric>:<operations>`. */
  readonly record: string;
  /** Labels that the recorded series keep. */
  readonly labels: readonly string[];
  readonly expression: Expression;
  /** Signals that the expression reads; recorded before it. */
  readonly inputs?: readonly Signal[];
  /** True where the signal bridges missed scrapes by itself, as a share over a window does. */
  readonly bridgesGaps?: true;
};

/** What an alert's texts can name; numbers come from here and are typed nowhere else. */
export type Facts = {
  /** The threshold with its unit: `500 messages`. */
  readonly threshold: string;
  /** The threshold as a number, for what a command's output is held against. */
  readonly limit: number;
  /** Prometheus template that prints the current value with its unit. */
  readonly value: string;
  /** The duration for which the condition must hold: `5m`. */
  readonly for: string;
  /** The window the signal looks back over, where it has one. */
  readonly window: string;
};

/** One alert as its author writes it. Durations in milliseconds at production length. */
export type AlertDefinition<Name extends string = string> = {
  readonly name: Name;
  readonly severity: Severity;
  /** Pages the on-call engineer. */
  readonly page?: true;
  /** Absent only where the condition looks at nothing. */
  readonly signal?: Signal;
  readonly comparator: Comparator;
  readonly threshold: {
    readonly value: number;
    readonly unit: Unit;
    /** The histogram whose bucket bounds the threshold must be one of. */
    readonly bucketOf?: "mcp_task_latency_seconds";
    /** True where another number would be another alert: it cannot be overridden. */
    readonly fixed?: true;
  };
  /** Window of the signal; dashboards and runbooks show it. */
  readonly windowMs?: number;
  readonly forMs: number;
  readonly keepFiringForMs?: number;
  /** Set where the condition is more than the held signal compared with the threshold. */
  readonly condition?: (threshold: Expression) => Expression;
  readonly summary: (facts: Facts) => string;
  readonly description: (facts: Facts) => string;
  readonly panel: PanelKey;
  readonly runbook: (facts: Facts) => Runbook;
  readonly samples: Samples;
  /** The fault that proves it. */
  readonly fault: FaultId;
};

/** One alert, with overrides applied and texts written out. */
export type Alert<Name extends string = string> = Omit<
  AlertDefinition<Name>,
  "condition" | "summary" | "description" | "runbook" | "keepFiringForMs" | "page"
> & {
  readonly page: boolean;
  readonly keepFiringForMs: number;
  readonly expression: Expression;
  readonly summary: string;
  readonly description: string;
  readonly facts: Facts;
  readonly runbook: Runbook;
  /** True where the user chose another threshold than the one that ships. */
  readonly overridden: boolean;
};

/**
 * How long the last value known of a signal stands in for a missing one. Scrapes leave staleness markers when they
 * fail: without this, one missed scrape would restart every `for` that is under way, and a few minutes without
 * telemetry in the middle of an incident would be reported as its end.
 */
export const HOLDOVER_MS = minutes(5);

/** An alert that dips under its threshold for less than this has not resolved. */
export const KEEP_FIRING_FOR_MS = minutes(2);

/**
 * The same for an alert that inhibits others. It must outlive them: were it to go a few evaluations before them,
 * a consequence would be notified at the end of an incident.
 */
export const KEEP_INHIBITOR_FIRING_FOR_MS = minutes(3);

/** Declares an alert; the type keeps its name. */
export function defineAlert<const Name extends string>(definition: AlertDefinition<Name>): AlertDefinition<Name> {
  return definition;
}

/** The last value of a signal within the holdover: the fresh one wherever telemetry comes in. */
export function held(signal: Signal): Expression {
  if (signal.bridgesGaps === true) return recorded(signal.record);
  return call("last_over_time", recorded(signal.record, HOLDOVER_MS));
}

/** An alert as an installation has it: thresholds and scope applied, texts written out. */
export function resolveAlert<Name extends string>(
  definition: AlertDefinition<Name>,
  bundle: Pick<Bundle, "thresholds" | "job" | "selector" | "scope" | "links" | "alertLabels">,
): Alert<Name> {
  const { condition, page, keepFiringForMs, signal, ...rest } = definition;
  const overrides: Readonly<Record<string, number | undefined>> = bundle.thresholds;
  const value = overrides[definition.name] ?? definition.threshold.value;
  const threshold = { ...definition.threshold, value };
  const facts: Facts = {
    threshold: formatThreshold(value, threshold.unit),
    limit: value,
    value: valueTemplate(threshold.unit),
    for: formatDuration(definition.forMs),
    window: definition.windowMs === undefined ? "" : formatDuration(definition.windowMs),
  };
  const limit = number(value);
  return {
    ...rest,
    ...(signal === undefined ? {} : { signal: scopedSignal(signal, bundle) }),
    page: page ?? false,
    keepFiringForMs: keepFiringForMs ?? KEEP_FIRING_FOR_MS,
    threshold,
    expression: scoped(condition?.(limit) ?? binary(held(signalOf(definition)), definition.comparator, limit), bundle),
    facts,
    summary: definition.summary(facts),
    description: definition.description(facts),
    runbook: definition.runbook(facts),
    samples: scopedSamples(definition.samples, bundle),
    overridden: value !== definition.threshold.value,
  };
}

function signalOf({ name, signal }: AlertDefinition): Signal {
  if (signal === undefined) throw new CatalogueError("NO_CONDITION", name, `${name} has neither signal nor condition`);
  return signal;
}

function scopedSignal(signal: Signal, bundle: Parameters<typeof scoped>[1]): Signal {
  return {
    ...signal,
    record: scopedName(signal.record, bundle),
    labels: [...bundle.scope.labels, ...signal.labels],
    expression: scoped(signal.expression, bundle),
    ...(signal.inputs === undefined ? {} : { inputs: signal.inputs.map((input) => scopedSignal(input, bundle)) }),
  };
}
