import { fastBudgetCases, noneCompleted, SUCCESS } from "../samples/errorBudget.ts";
import type { Samples } from "../samples/samples.ts";

const texts = (type: string, rate: string) => ({
  summary: `Failed ${type} tasks use up the error budget within days`,
  description: `The error budget of ${type} tasks is spent at ${rate} times the allowed rate: above 14.4 over 1h and 5m, or above 6 over 6h and 30m.`,
  runbook_url: "http://localhost:8090/runbooks/SuccessBudgetBurnsFast.md",
  dashboard_url: `http://localhost:3000/d/mcp-orchestrator?viewPanel=32&var-type=${type}`,
});

export const samples: Samples = {
  threshold: 14.4,
  labels: { severity: "critical", service: "mcp-orchestrator", team: "platform" },
  cases: [
    ...fastBudgetCases(SUCCESS, texts),
    noneCompleted(texts),
    {
      name: "a warning about the same failures does not replace it",
      series: {
        ...SUCCESS.tasks("ml", { "0s": 0 }, { "0s": 5 }, { everySeconds: 15, end: "2h" }),
        'ALERTS{alertname="TaskFailureRateHigh", alertstate="firing", type="ml"}': "1x400",
      },
      expect: [{ at: "1h", firing: [{ type: "ml" }] }],
    },
  ],
};
