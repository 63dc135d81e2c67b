import { casesWhileSlow } from "../samples/expressLatencyCases.ts";
import type { Samples } from "../samples/samples.ts";

export const samples: Samples = {
  threshold: 0.5,
  labels: { severity: "critical", service: "mcp-orchestrator", team: "platform" },
  cases: casesWhileSlow({
    at: "0.5",
    slow: "0.75",
    ages: { at: 0.5, over: 0.53, wellOver: 0.75, under: 0.45 },
    keepFiringForMinutes: 3,
    annotations: {
      summary: "Express reasoning tasks take longer than 500 ms (p95)",
      description:
        "The 95th percentile of express reasoning tasks over the last 5m is 737.5ms, above 500 ms for 5m. If " +
        "hardly any finished in that time, this is the age of the oldest one.",
      runbook_url: "http://localhost:8090/runbooks/ExpressLatencyCritical.md",
      dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=6&var-type=reasoning",
    },
  }),
};
