import { type Samples, timeline } from "../samples/samples.ts";
import { gauge } from "../samples/scrapes.ts";

const always = {};

export const samples: Samples = {
  threshold: 1,
  labels: { severity: "none", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "it fires from the first evaluation on, with no series at all",
      series: { other: gauge({ "0s": 0 }) },
      expect: timeline("0s firing, 30m firing", always),
      annotated: {
        at: "0s",
        labels: always,
        annotations: {
          summary: "Alerting works from end to end",
          description:
            "This alert always fires. The dead man's switch calls you when it no longer receives it: then Prometheus, " +
            "Alertmanager or the connection between them is broken, and no alert is delivered.",
          runbook_url: "http://localhost:8090/runbooks/Watchdog.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=1",
        },
      },
    },
  ],
};
