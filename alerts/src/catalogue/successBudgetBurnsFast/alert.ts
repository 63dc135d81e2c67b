import { defineAlert } from "../alert.ts";
import { budgetBurn, burnsFaster, burnsText, burnTiming } from "../errorBudget.ts";
import { successBudgetRunbook } from "../runbooks/errorBudget.ts";
import { samples } from "./samples.ts";

const objective = "task-success";

export const successBudgetBurnsFast = defineAlert({
  name: "SuccessBudgetBurnsFast",
  severity: "critical",
  signal: budgetBurn(objective, "fast"),
  ...burnTiming("fast"),
  objective,
  // TaskFailureRateHigh reports the same failures, but only as a warning.
  condition: (limit) => burnsFaster(objective, "fast", limit),
  summary: () => "Failed {{ $labels.type }} tasks use up the error budget within days",
  description: (facts) =>
    `The error budget of {{ $labels.type }} tasks is spent at ${facts.value} times the allowed rate: above ${facts.threshold} ` +
    `${burnsText("fast")}.`,
  panel: "success-budget-burns-fast",
  runbook: (facts) => successBudgetRunbook(facts, "fast"),
  samples,
  fault: "failing-upstream",
});
