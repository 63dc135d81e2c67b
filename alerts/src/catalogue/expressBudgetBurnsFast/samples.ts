import { EXPRESS, fastBudgetCases, reportedCases } from "../samples/errorBudget.ts";
import type { Samples } from "../samples/samples.ts";

const texts = (type: string, rate: string) => ({
  summary: `Late express ${type} tasks use up the error budget within days`,
  description:
    `The error budget of express ${type} tasks is spent at ${rate} times the allowed rate: above 14.4 over 1h and 5m, or above 6 over 6h ` +
    "and 30m.",
  runbook_url: "http://localhost:8090/runbooks/ExpressBudgetBurnsFast.md",
  dashboard_url: `http://localhost:3000/d/mcp-orchestrator?viewPanel=29&var-type=${type}`,
});

export const samples: Samples = {
  threshold: 14.4,
  labels: { severity: "critical", service: "mcp-orchestrator", team: "platform" },
  cases: [
    ...fastBudgetCases(EXPRESS, texts),
    ...reportedCases(
      EXPRESS,
      { byType: ["ExpressLatencyCritical", "TypeWithoutWorkers"], byService: "NoActiveWorkers" },
      { silent: "1h55m", firing: "2h5m" },
    ),
  ],
};
