import { noneCompleted, reportedCases, SUCCESS, slowBudgetCases } from "../samples/errorBudget.ts";
import type { Samples } from "../samples/samples.ts";

const texts = (type: string, rate: string) => ({
  summary: `Failed ${type} tasks slowly use up the error budget`,
  description: `The error budget of ${type} tasks is spent at ${rate} times the allowed rate: above 3 over 1d and 2h, or above 1 over 3d and 6h.`,
  runbook_url: "http://localhost:8090/runbooks/SuccessBudgetBurnsSlowly.md",
  dashboard_url: `http://localhost:3000/d/mcp-orchestrator?viewPanel=33&var-type=${type}`,
});

export const samples: Samples = {
  threshold: 3,
  labels: { severity: "warning", service: "mcp-orchestrator", team: "platform" },
  cases: [
    ...slowBudgetCases(SUCCESS, texts),
    noneCompleted(texts),
    ...reportedCases(
      SUCCESS,
      { byType: ["SuccessBudgetBurnsFast", "TaskFailureRateHigh"] },
      { silent: "12h55m", firing: "13h5m" },
    ),
  ],
};
