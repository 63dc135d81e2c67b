import { hours } from "../../timing.ts";
import { defineAlert } from "../alert.ts";
import { budgetBurn, burnsFaster, burnsText, burnTiming, unlessReported } from "../errorBudget.ts";
import { successBudgetRunbook } from "../runbooks/errorBudget.ts";
import { samples } from "./samples.ts";

const objective = "task-success";

export const successBudgetBurnsSlowly = defineAlert({
  name: "SuccessBudgetBurnsSlowly",
  severity: "warning",
  signal: budgetBurn(objective, "slowly"),
  ...burnTiming("slowly"),
  // It ends before what inhibits it.
  keepFiringForMs: 0,
  objective,
  condition: (limit) =>
    unlessReported(burnsFaster(objective, "slowly", limit), {
      byType: ["SuccessBudgetBurnsFast", "TaskFailureRateHigh"],
      windowMs: hours(12),
    }),
  summary: () => "Failed {{ $labels.type }} tasks slowly use up the error budget",
  description: (facts) =>
    `The error budget of {{ $labels.type }} tasks is spent at ${facts.value} times the allowed rate: above ${facts.threshold} ` +
    `${burnsText("slowly")}.`,
  panel: "success-budget-burns-slowly",
  runbook: (facts) => successBudgetRunbook(facts, "slowly"),
  samples,
  fault: "failing-calls",
});
