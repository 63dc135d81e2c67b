import { CatalogueError } from "../errors.ts";
import type { PanelKey } from "../panels.ts";
import { binary, type Comparator, call, type Expression, firstOf, max, number } from "../promql/expression.ts";
import { type Narrowing, scoped, scopedName } from "../promql/scope.ts";
import { alertsInState, recorded, series } from "../promql/series.ts";
import { type Objective, objectiveOf } from "../slo/objectives.ts";
import { formatDuration, hours, minutes } from "../timing.ts";
import { formatThreshold, type Unit, valueTemplate } from "../units.ts";
import type { FaultId } from "./faults.ts";
import type { Installation } from "./installation.ts";
import type { Runbook } from "./runbooks/runbook.ts";
import { scopedRunbook } from "./runbooks/scopedRunbook.ts";
import { type Samples, scopedSamples } from "./samples/samples.ts";

export type Severity = "critical" | "warning" | "none";

/** What an alert watches, as a recording rule, whose last value can bridge a missed scrape. */
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
  /** True where it is missing while the service cannot read the state of Redis: the alert then does not resolve. */
  readonly fromRedisState?: true;
};

/** What the texts of an alert can name. Their numbers come from here only. */
export type Facts = {
  /** The threshold with its unit: `500 messages`. */
  readonly threshold: string;
  /** The threshold as a number, to compare with the output of a command. */
  readonly limit: number;
  /** Prometheus template that prints the current value with its unit. */
  readonly value: string;
  /** The duration for which the condition must hold: `5m`. */
  readonly for: string;
  /** The window the signal looks back over, where it has one. */
  readonly window: string;
};

/**
 * The rule of an alert as its author writes it, with the samples that prove it: all that an alert of another service needs.
 * Durations in milliseconds at production length.
 */
export type RuleDefinition<Name extends string = string> = {
  readonly name: Name;
  readonly severity: Severity;
  /** Pages the on-call engineer. */
  readonly page?: true;
  /** Absent only if the condition reads no series. */
  readonly signal?: Signal | ((installation: Installation) => Signal);
  readonly comparator: Comparator;
  readonly threshold: {
    readonly value: number;
    readonly unit: Unit;
    /** The histogram whose bucket bounds the threshold must be one of. */
    readonly bucketOf?: "mcp_task_latency_seconds" | "mcp_task_wait_seconds";
    /** True if another number would be another alert: it cannot be overridden. */
    readonly fixed?: true;
    /** The setting of the bundle that gives the number. The one here is that of the samples. */
    readonly setting?: "expectedReplicas";
  };
  /** Window of the signal; dashboards and runbooks show it. */
  readonly windowMs?: number;
  readonly forMs: number;
  readonly keepFiringForMs?: number;
  /** How often its group is evaluated, where that is not at each scrape. Its samples have the same interval. */
  readonly evaluatedEveryMs?: number;
  /** The objective of the bundle that it guards. Its samples are about the one that ships. */
  readonly objective?: Objective["id"];
  /** Set where the condition is more than the held signal compared with the threshold. */
  readonly condition?: (threshold: Expression) => Expression;
  readonly summary: (facts: Facts) => string;
  readonly description: (facts: Facts) => string;
  readonly samples: Samples;
};

/** One alert of the catalogue. */
export type AlertDefinition<Name extends string = string> = RuleDefinition<Name> & {
  readonly panel: PanelKey;
  readonly runbook: (facts: Facts, installation: Installation) => Runbook;
  /** The fault that proves it. */
  readonly fault: FaultId;
};

/** The rule of an alert, with overrides applied and texts written out. */
export type Rule<Name extends string = string> = Omit<
  RuleDefinition<Name>,
  "condition" | "summary" | "description" | "keepFiringForMs" | "page" | "signal"
> & {
  readonly signal?: Signal;
  readonly page: boolean;
  readonly keepFiringForMs: number;
  readonly expression: Expression;
  readonly summary: string;
  readonly description: string;
  readonly facts: Facts;
  /** True where the user chose another threshold or objective than the one that ships. */
  readonly overridden: boolean;
  /** The panel to which it links, where it has one. */
  readonly panel?: PanelKey;
};

/** One alert of the catalogue as an installation has it. */
export type Alert<Name extends string = string> = Rule<Name> &
  Pick<AlertDefinition<Name>, "panel" | "fault"> & { readonly runbook: Runbook };

/** Longest time for which the last value of a signal replaces a missing one. */
export const HOLDOVER_MS = minutes(5);
/** While the state of Redis is unknown, an alert keeps firing with its last value, which is at most this old. */
const LAST_KNOWN_MS = hours(1);

/** 1 while a replica can read the state of Redis, 0 while none can. One is enough: all read the same queues. */
export const redisStateKnown: Signal = {
  record: "service:mcp_redis_state_known:max",
  labels: [],
  expression: max([], series("mcp_redis_state_known")),
};

/** An alert that is below its threshold for less than this does not resolve. */
const KEEP_FIRING_FOR_MS = minutes(2);

/**
 * The same for an alert that inhibits others. It must outlive them: if it resolved a few evaluations earlier, a
 * notification of a consequence would be sent at the end of the incident.
 */
export const KEEP_INHIBITOR_FIRING_FOR_MS = minutes(3);

/** Declares an alert of the catalogue; the type keeps its name. */
export function defineAlert<const Name extends string>(definition: AlertDefinition<Name>): AlertDefinition<Name> {
  return definition;
}

/**
 * The last value of a signal within the holdover: the fresh one while scrapes succeed. A failed scrape leaves staleness
 * markers. Without this, one of them would restart every `for` that is under way.
 *
 * @param forMs the alert's `for`: a value is held for at most half of it, so an old sample alone never fires
 */
function held(signal: Signal, forMs: number): Expression {
  if (signal.bridgesGaps === true) return recorded(signal.record);
  return call("last_over_time", recorded(signal.record, Math.min(HOLDOVER_MS, forMs / 2)));
}

/**
 * An alert that is firing keeps firing while no replica can read the state of Redis: its input is missing, and its cause
 * may still be there. It cannot begin to fire this way.
 */
function firingWhileUnknown(name: string, { record, labels }: Signal): Expression {
  const unknown = binary(recorded(redisStateKnown.record), "==", number(0));
  const lastKnown = call("last_over_time", recorded(record, LAST_KNOWN_MS));
  const lastFiring = binary(lastKnown, "and", alertsInState(name, "firing"), labels);
  // Without labels of its own it has those of the state already.
  return binary(lastFiring, "and", unknown, labels.length === 0 ? undefined : []);
}

/** An alert of the catalogue as an installation has it. */
export function resolveAlert<Name extends string>(
  { runbook, panel, fault, ...definition }: AlertDefinition<Name>,
  installation: Installation,
): Alert<Name> {
  const rule = resolveRule(definition as RuleDefinition<Name>, installation);
  return { ...rule, panel, fault, runbook: scopedRunbook(runbook(rule.facts, installation), installation) };
}

/** The rule of an alert as an installation has it: thresholds and scope applied, texts written out. */
export function resolveRule<Name extends string>(
  definition: RuleDefinition<Name>,
  installation: Installation,
): Rule<Name> {
  const { condition, page, keepFiringForMs, signal: _, ...rest } = definition;
  const signal = signalFor(definition, installation);
  const { objective } = definition;
  const { setting } = definition.threshold;
  const set = setting === undefined ? installation.thresholds[definition.name] : installation[setting];
  const value = set ?? definition.threshold.value;
  const threshold = { ...definition.threshold, value };
  const facts: Facts = {
    threshold: formatThreshold(value, threshold.unit),
    limit: value,
    value: valueTemplate(threshold.unit),
    for: formatDuration(definition.forMs),
    window: definition.windowMs === undefined ? "" : formatDuration(definition.windowMs),
  };
  const limit = number(value);
  const own =
    condition?.(limit) ?? binary(held(known(definition, signal), definition.forMs), definition.comparator, limit);
  const whole = signal?.fromRedisState === true ? firstOf(own, firingWhileUnknown(definition.name, signal)) : own;
  return {
    ...rest,
    ...(signal === undefined ? {} : { signal: scopedSignal(withInputs(signal), installation) }),
    page: page ?? false,
    keepFiringForMs: keepFiringForMs ?? KEEP_FIRING_FOR_MS,
    threshold,
    expression: scoped(whole, installation),
    facts,
    summary: definition.summary(facts),
    description: definition.description(facts),
    samples: scopedSamples(definition.samples, installation),
    overridden:
      value !== definition.threshold.value ||
      (objective !== undefined && !objectiveOf(installation, objective).shipped),
  };
}

/** The signal of an alert in an installation. */
export function signalFor({ signal }: RuleDefinition, installation: Installation): Signal | undefined {
  return typeof signal === "function" ? signal(installation) : signal;
}

function known({ name }: RuleDefinition, signal: Signal | undefined): Signal {
  if (signal === undefined) throw new CatalogueError("NO_CONDITION", name, `${name} has neither signal nor condition`);
  return signal;
}

function withInputs(signal: Signal): Signal {
  return signal.fromRedisState === true ? { ...signal, inputs: [...(signal.inputs ?? []), redisStateKnown] } : signal;
}

function scopedSignal(signal: Signal, narrowing: Narrowing): Signal {
  return {
    ...signal,
    record: scopedName(signal.record, narrowing),
    labels: [...narrowing.scope.labels, ...signal.labels],
    expression: scoped(signal.expression, narrowing),
    ...(signal.inputs === undefined ? {} : { inputs: signal.inputs.map((input) => scopedSignal(input, narrowing)) }),
  };
}
