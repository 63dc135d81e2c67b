import { EXPRESS, reportedCases, slowBudgetCases } from "../samples/errorBudget.ts";
import type { Samples } from "../samples/samples.ts";

const texts = (type: string, rate: string) => ({
  summary: `Late express ${type} tasks slowly use up the error budget`,
  description:
    `The error budget of express ${type} tasks is spent at ${rate} times the allowed rate: above 3 over 1d and 2h, or above 1 over 3d and ` +
    "6h.",
  runbook_url: "http://localhost:8090/runbooks/ExpressBudgetBurnsSlowly.md",
  dashboard_url: `http://localhost:3000/d/mcp-orchestrator?viewPanel=30&var-type=${type}`,
});

export const samples: Samples = {
  threshold: 3,
  labels: { severity: "warning", service: "mcp-orchestrator", team: "platform" },
  cases: [
    ...slowBudgetCases(EXPRESS, texts),
    ...reportedCases(
      EXPRESS,
      {
        byType: [
          "ExpressBudgetBurnsFast",
          "ExpressLatencyHigh",
          "ExpressLatencyCritical",
          "ExpressWaitHigh",
          "TypeWithoutWorkers",
        ],
        byService: "NoActiveWorkers",
      },
      { silent: "12h55m", firing: "13h5m" },
    ),
  ],
};
