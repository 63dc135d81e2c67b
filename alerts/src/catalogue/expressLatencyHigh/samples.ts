import { casesWhileSlow } from "../samples/expressLatencyCases.ts";
import type { Samples } from "../samples/samples.ts";

export const samples: Samples = {
  threshold: 0.1,
  labels: { severity: "warning", service: "mcp-orchestrator", team: "platform" },
  cases: casesWhileSlow({
    at: "0.1",
    slow: "0.15",
    ages: { at: 0.1, over: 0.11, wellOver: 0.15, under: 0.09 },
    keepFiringForMinutes: 2,
    annotations: {
      summary: "Express reasoning tasks take longer than 100 ms (p95)",
      description:
        "The 95th percentile of express reasoning tasks over the last 5m is 147.5ms, above 100 ms for 5m. If " +
        "hardly any finished in that time, this is the age of the oldest one.",
      runbook_url: "http://localhost:8090/runbooks/ExpressLatencyHigh.md",
      dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=6&var-type=reasoning",
    },
  }),
};
