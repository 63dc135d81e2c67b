import { binary, call, type Expression, firstOf, number, type Selector, selector, sum } from "../promql/expression.ts";
import { matchersOf } from "../promql/series.ts";

/** The objectives of an installation, as its bundle sets them. */
export type ObjectiveSettings = {
  readonly expressLatency: { readonly objective: number; readonly withinSeconds: number };
  readonly taskSuccess: { readonly objective: number };
};

/** The objectives that ship. */
export const SHIPPED_OBJECTIVES = {
  expressLatency: { objective: 0.99, withinSeconds: 0.5 },
  taskSuccess: { objective: 0.99 },
} as const satisfies ObjectiveSettings;

/** A service level objective: at least a share of the events must be good, over the days that the bundle names. */
export type Objective = {
  readonly id: "express-latency" | "task-success";
  readonly title: string;
  readonly description: string;
  /** Share of events that must be good: above 0, below 1. */
  readonly target: number;
  /** Whether it is the one that ships. */
  readonly shipped: boolean;
  /** Good events over a window, by these labels. */
  readonly good: Events;
  /** All events over a window. */
  readonly all: Events;
};

type Events = (range: Range, by: readonly string[]) => Expression;

/** A window: milliseconds, or a variable. */
export type Range = NonNullable<Selector["range"]>;

/** The objectives of an installation. */
export function objectivesOf({ slo }: { readonly slo: ObjectiveSettings }): readonly Objective[] {
  const { expressLatency, taskSuccess } = slo;
  const shipped = SHIPPED_OBJECTIVES;
  const completed = grown("mcp_tasks_completed_total");
  const failed = grown("mcp_tasks_failed_total");
  const waited = (le: string | readonly string[]) => grown("mcp_task_wait_seconds_bucket", { lane: "express", le });
  return [
    {
      id: "express-latency",
      title: "Express latency",
      description: `Express tasks have a result within ${expressLatency.withinSeconds} s of their submission.`,
      target: expressLatency.objective,
      shipped:
        expressLatency.objective === shipped.expressLatency.objective &&
        expressLatency.withinSeconds === shipped.expressLatency.withinSeconds,
      good: waited(bucketBound(expressLatency.withinSeconds)),
      all: waited("+Inf"),
    },
    {
      id: "task-success",
      title: "Task success",
      description: "Tasks end with a result, not in the dead letter queue.",
      target: taskSuccess.objective,
      shipped: taskSuccess.objective === shipped.taskSuccess.objective,
      good: completed,
      all: (range, by) => {
        // A type whose tasks all failed has no completed ones, and the reverse.
        const [good, bad] = [completed(range, by), failed(range, by)];
        return firstOf(binary(good, "+", bad), good, bad);
      },
    },
  ];
}

/** An objective of an installation. */
export function objectiveOf(installation: { readonly slo: ObjectiveSettings }, id: Objective["id"]): Objective {
  const found = objectivesOf(installation).find((objective) => objective.id === id);
  if (found === undefined) throw new RangeError(`There is no objective ${id}`);
  return found;
}

const BY_TYPE = ["type"];

/** Share of the error budget that is left, by task type; negative if it is overspent. No sample if nothing ended. */
export function budgetLeft({ target, good, all }: Objective, range: Range): Expression {
  const everything = all(range, BY_TYPE);
  const bad = binary(everything, "-", firstOf(good(range, BY_TYPE), binary(number(0), "*", everything)));
  return binary(number(1), "-", burnRate(bad, binary(everything, ">", number(0)), target));
}

/** How fast a budget is spent: at 1 it lasts exactly the days of the objective, at 2 half of them. */
export function burnRate(bad: Expression, all: Expression, target: number): Expression {
  return binary(bad, "/", binary(number(Number((1 - target).toPrecision(6))), "*", all));
}

function grown(metric: string, matchers: Parameters<typeof matchersOf>[0] = {}): Events {
  return (range, by) => sum(by, call("increase", selector(metric, matchersOf(matchers), { range })));
}

/** A bound as Prometheus stores it: version 3 writes whole numbers with a decimal. */
function bucketBound(seconds: number): string | readonly string[] {
  return Number.isInteger(seconds) ? [String(seconds), `${seconds}.0`] : String(seconds);
}
