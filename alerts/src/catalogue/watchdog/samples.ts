import type { Samples } from "../samples.ts";
import { gauge } from "../scrapes.ts";

const always = {};

export const samples: Samples = {
  threshold: 1,
  labels: { severity: "none", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "it fires from the first evaluation on, with no series at all",
      series: { other: gauge({ "0s": 0 }) },
      expect: [
        { at: "0s", firing: [always] },
        { at: "30m", firing: [always] },
      ],
      annotated: {
        at: "0s",
        labels: always,
        annotations: {
          summary: "Alerting works from end to end",
          description:
            "This alert always fires. The dead man's switch raises the alarm when it stops hearing of it: then " +
            "Prometheus, Alertmanager or the way between them is broken, and no other alert would reach a receiver.",
          runbook_url: "http://localhost:8090/runbooks/Watchdog.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=1",
        },
      },
    },
  ],
};
