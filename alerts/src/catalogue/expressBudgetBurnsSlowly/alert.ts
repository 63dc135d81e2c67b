import { hours } from "../../timing.ts";
import { defineAlert } from "../alert.ts";
import { budgetBurn, burnsFaster, burnsText, burnTiming, unlessReported } from "../errorBudget.ts";
import { expressBudgetRunbook } from "../runbooks/errorBudget.ts";
import { samples } from "./samples.ts";

const objective = "express-latency";

export const expressBudgetBurnsSlowly = defineAlert({
  name: "ExpressBudgetBurnsSlowly",
  severity: "warning",
  signal: budgetBurn(objective, "slowly"),
  ...burnTiming("slowly"),
  // It ends before what inhibits it.
  keepFiringForMs: 0,
  objective,
  condition: (limit) =>
    unlessReported(burnsFaster(objective, "slowly", limit), {
      byType: [
        "ExpressBudgetBurnsFast",
        "ExpressLatencyHigh",
        "ExpressLatencyCritical",
        "ExpressWaitHigh",
        "TypeWithoutWorkers",
      ],
      byService: "NoActiveWorkers",
      windowMs: hours(12),
    }),
  summary: () => "Late express {{ $labels.type }} tasks slowly use up the error budget",
  description: (facts) =>
    `The error budget of express {{ $labels.type }} tasks is spent at ${facts.value} times the allowed rate: above ${facts.threshold} ` +
    `${burnsText("slowly")}.`,
  panel: "express-budget-burns-slowly",
  runbook: (facts) => expressBudgetRunbook(facts, "slowly"),
  samples,
  fault: "slow-calls",
});
