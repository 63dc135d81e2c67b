import { hours } from "../../timing.ts";
import { defineAlert } from "../alert.ts";
import { budgetBurn, burnsFaster, burnsText, burnTiming, unlessReported } from "../errorBudget.ts";
import { expressBudgetRunbook } from "../runbooks/errorBudget.ts";
import { samples } from "./samples.ts";

const objective = "express-latency";

export const expressBudgetBurnsFast = defineAlert({
  name: "ExpressBudgetBurnsFast",
  severity: "critical",
  signal: budgetBurn(objective, "fast"),
  ...burnTiming("fast"),
  objective,
  condition: (limit) =>
    unlessReported(burnsFaster(objective, "fast", limit), {
      byType: ["ExpressLatencyCritical", "TypeWithoutWorkers"],
      byService: "NoActiveWorkers",
      // Twice the longest short window: late tasks of a reported incident have left it.
      windowMs: hours(1),
    }),
  summary: () => "Late express {{ $labels.type }} tasks use up the error budget within days",
  description: (facts) =>
    `The error budget of express {{ $labels.type }} tasks is spent at ${facts.value} times the allowed rate: above ${facts.threshold} ` +
    `${burnsText("fast")}.`,
  panel: "express-budget-burns-fast",
  runbook: (facts) => expressBudgetRunbook(facts, "fast"),
  samples,
  fault: "very-slow-upstream",
});
