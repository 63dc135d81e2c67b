import {
  alertNamed,
  BUNDLE,
  BURNS,
  burnRecord,
  burnsText,
  inDays,
  type Objective,
  type Speed,
} from "@mcp-orchestrator/alerts";
import { type AlertName, thresholdOf } from "../model/catalogue.ts";
import type { Level, PanelSpec, TimeSeriesPanel } from "../model/panel.ts";
import { errorBudgetLeft, objectiveNamed } from "../query/objectives.ts";
import { whileAnswering } from "../query/process.ts";
import { inputOf } from "../query/signals.ts";
import { aggregate, NOTHING, or } from "../query/vector.ts";

const days = BUNDLE.slo.windowDays;
const EXPRESS = objectiveNamed("express-latency");
const SUCCESS = objectiveNamed("task-success");
const percent = (share: number) => `${Number((100 * share).toPrecision(6))} %`;

/** Red when it is overspent, orange when little is left. */
const LEFT: readonly Level[] = [
  { from: null, color: "red" },
  { from: 0, color: "orange" },
  { from: 0.25, color: "green" },
];

/** Service level objectives: what is left of the error budgets, and how fast they are spent. */
export const objectives = {
  expressBudget: {
    key: "express-budget",
    kind: "stat",
    title: "Express budget left",
    meaning: `Objective: ${percent(EXPRESS.target)} over ${days} days. ${EXPRESS.description} This share of the error budget is left, of the worst type; below 0, more than all of it is spent. Days that Prometheus no longer keeps do not count.`,
    good: "Well above 0.",
    runbooks: ["ExpressBudgetBurnsFast", "ExpressBudgetBurnsSlowly"],
    unit: "percentunit",
    now: or(whileAnswering(aggregate("min", errorBudgetLeft(EXPRESS.id))), NOTHING),
    levels: LEFT,
  },
  successBudget: {
    key: "success-budget",
    kind: "stat",
    title: "Success budget left",
    meaning: `Objective: ${percent(SUCCESS.target)} over ${days} days. ${SUCCESS.description} This share of the error budget is left, of the worst type; below 0, more than all of it is spent. Days that Prometheus no longer keeps do not count.`,
    good: "Well above 0.",
    runbooks: ["SuccessBudgetBurnsFast", "SuccessBudgetBurnsSlowly"],
    unit: "percentunit",
    now: or(whileAnswering(aggregate("min", errorBudgetLeft(SUCCESS.id))), NOTHING),
    levels: LEFT,
  },
  expressBurnsFast: burnPanel("Express budget burn, hours", EXPRESS, "fast", "ExpressBudgetBurnsFast"),
  expressBurnsSlowly: burnPanel("Express budget burn, days", EXPRESS, "slowly", "ExpressBudgetBurnsSlowly"),
  successBurnsFast: burnPanel("Success budget burn, hours", SUCCESS, "fast", "SuccessBudgetBurnsFast"),
  successBurnsSlowly: burnPanel("Success budget burn, days", SUCCESS, "slowly", "SuccessBudgetBurnsSlowly"),
} satisfies Record<string, PanelSpec>;

/** Every burn rate that an alert compares: over its long windows, and over the short ones, which end it. */
function burnPanel(title: string, { id }: Objective, speed: Speed, alert: AlertName): TimeSeriesPanel {
  const burn = (windowMs: number) => ({
    query: inputOf(alert, burnRecord(id, windowMs)),
    legend: `{{type}}, ${inDays(windowMs)}`,
  });
  const line = thresholdOf(alert);
  return {
    key: alertNamed(alert).panel,
    kind: "timeseries",
    title,
    meaning: `How fast each type spends this error budget: at 1 it lasts exactly ${days} days. The alert fires above the line ${line.value} ${burnsText(speed)}. Thin: the short windows.`,
    good: "Below 1. A short peak is what a budget is for.",
    runbooks: [alert],
    unit: "short",
    min: 0,
    thresholds: BURNS[speed].map(({ rate }) => ({ ...line, value: rate })),
    series: BURNS[speed].flatMap(({ longMs, shortMs }) => [burn(longMs), { ...burn(shortMs), thin: true as const }]),
  };
}
