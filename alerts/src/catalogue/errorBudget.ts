import { binary, call, type Expression, firstOf, number } from "../promql/expression.ts";
import { firedWithin, recorded } from "../promql/series.ts";
import { burnRate, type Objective, objectiveOf } from "../slo/objectives.ts";
import { formatDuration, hours, minutes } from "../timing.ts";
import type { Signal } from "./alert.ts";
import type { Installation } from "./installation.ts";
import { failedTasks } from "./taskFailureRateHigh/alert.ts";

/**
 * Alerts on error budgets after the SRE workbook: a budget is spent too fast over a long window, and still is over a
 * short one, so that the alert ends soon after its cause.
 */

/**
 * How often budgets are calculated, and the window in which their events are counted: so each event is counted once, and
 * a sum over time is a number of events. Days of counters of every replica would be too many samples.
 */
export const BUDGET_INTERVAL_MS = minutes(5);

/** Bad events in the long window without which no alert fires: a few in an idle system are no trend. */
const LEAST_BAD = 10;

const labels = ["type"];

/** How fast a budget is spent: it decides whom to call, and how soon. */
export type Speed = "fast" | "slowly";

/** Two windows over both of which a budget is spent faster than a rate: 1 lasts for exactly the window of the objective. */
type Burn = { readonly longMs: number; readonly shortMs: number; readonly rate: number };

/** Of 30 days' budget: 2 % in an hour or 5 % in six; 10 % in a day or in three. The first rate is the alert's threshold. */
export const BURNS: Readonly<Record<Speed, readonly [Burn, Burn]>> = {
  fast: [
    { longMs: hours(1), shortMs: minutes(5), rate: 14.4 },
    { longMs: hours(6), shortMs: minutes(30), rate: 6 },
  ],
  slowly: [
    { longMs: hours(24), shortMs: hours(2), rate: 3 },
    { longMs: hours(72), shortMs: hours(6), rate: 1 },
  ],
};

/** What follows the threshold in a sentence: `over 1h and 5m, or above 6 over 6h and 30m`. */
export function burnsText(speed: Speed): string {
  const [first, second] = BURNS[speed].map(({ longMs, shortMs }) => `over ${inDays(longMs)} and ${inDays(shortMs)}`);
  return `${first}, or above ${BURNS[speed][1].rate} ${second}`;
}

/** A window in days, or in shorter units. */
export const inDays = (ms: number) => (ms % hours(24) === 0 ? `${ms / hours(24)}d` : formatDuration(ms));

/** What the two alerts of a speed have in common. */
export const burnTiming = (speed: Speed) =>
  ({
    comparator: ">",
    threshold: { value: BURNS[speed][0].rate, unit: "burnRate", fixed: true },
    windowMs: BURNS[speed][0].longMs,
    forMs: 0,
    evaluatedEveryMs: BUDGET_INTERVAL_MS,
  }) as const;

/** Names of what is recorded about an objective, without the operation. */
const METRICS: Readonly<Record<Objective["id"], { readonly bad: string; readonly all: string }>> = {
  "express-latency": { bad: "type:mcp_express_tasks_late", all: "type:mcp_express_tasks" },
  "task-success": { bad: "type:mcp_tasks_failed", all: "type:mcp_tasks_ended" },
};

const countOf = (metric: string) => `${metric}:count${formatDuration(BUDGET_INTERVAL_MS)}`;

/** Name of the recorded burn rate over a window. */
export function burnRecord(id: Objective["id"], windowMs: number): string {
  return `${METRICS[id].bad}:burn${formatDuration(windowMs)}`;
}

/** The burn rate over the longer one of the first two windows, with all others as its inputs. */
export function budgetBurn(id: Objective["id"], speed: Speed): (installation: Installation) => Signal {
  return (installation) => {
    const objective = objectiveOf(installation, id);
    const counts = countsOf(objective);
    const burn = (windowMs: number): Signal => ({
      record: burnRecord(id, windowMs),
      labels,
      bridgesGaps: true,
      expression: burnRate(
        countedOver(METRICS[id].bad, windowMs),
        countedOver(METRICS[id].all, windowMs),
        objective.target,
      ),
    });
    const [signal, ...others] = BURNS[speed].flatMap(({ longMs, shortMs }) => [burn(longMs), burn(shortMs)]) as [
      Signal,
      Signal,
    ];
    return { ...signal, inputs: [...counts, ...others] };
  };
}

/** Bad and all events since the last evaluation. */
function countsOf({ id, good, all }: Objective): readonly Signal[] {
  const count = (metric: string, expression: Expression): Signal => ({ record: countOf(metric), labels, expression });
  const { bad: badMetric, all: allMetric } = METRICS[id];
  const goodEvents = good(BUDGET_INTERVAL_MS, labels);
  if (id === "task-success") {
    const bad = count(badMetric, recorded(failedTasks.record));
    // A type whose tasks all fail may have no completed ones.
    const completed = firstOf(goodEvents, binary(number(0), "*", recorded(bad.record)));
    return [failedTasks, bad, count(allMetric, binary(recorded(bad.record), "+", completed))];
  }
  const everything = count(allMetric, all(BUDGET_INTERVAL_MS, labels));
  return [everything, count(badMetric, binary(recorded(everything.record), "-", goodEvents))];
}

function countedOver(metric: string, windowMs: number): Expression {
  if (windowMs === BUDGET_INTERVAL_MS) return recorded(countOf(metric));
  return call("sum_over_time", recorded(countOf(metric), windowMs));
}

/**
 * A budget is spent faster than a rate over both windows, by more than a few events.
 *
 * @param limit the rate of the first two windows, as the alert's threshold
 */
export function burnsFaster(id: Objective["id"], speed: Speed, limit: Expression): Expression {
  const [first, second] = BURNS[speed];
  return firstOf(over(id, first, limit), over(id, second, number(second.rate)));
}

function over(id: Objective["id"], { longMs, shortMs }: Burn, rate: Expression): Expression {
  const several = binary(countedOver(METRICS[id].bad, longMs), ">=", number(LEAST_BAD));
  return [longMs, shortMs]
    .map((windowMs) => binary(recorded(burnRecord(id, windowMs)), ">", rate))
    .concat(several)
    .reduce((left, right) => binary(left, "and", right));
}

/** What has reported the events of a budget already: alerts of the type, and those of the whole service. */
export type Reported = { readonly byType: readonly string[]; readonly byService?: string; readonly windowMs: number };

/** Unless an alert has reported the cause within the window: its events are in the budget for as long. */
export function unlessReported(burns: Expression, { byType, byService, windowMs }: Reported): Expression {
  const ofType = binary(burns, "unless", firedWithin(byType, windowMs), labels);
  return byService === undefined ? ofType : binary(ofType, "unless", firedWithin(byService, windowMs), []);
}
