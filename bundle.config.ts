import type { BundleConfig } from "./alerts/src/bundle/schema.ts";

/**
 * Everything that differs between installations: the one file that you edit. Then run `npm run generate`; rules, promtool
 * tests, routes, dashboards, runbooks and manifests follow. docs/reference/bundle.md describes every setting and its default.
 *
 *     thresholds: { QueueDepthSpike: 2000, ExpressLatencyHigh: 0.25 },
 */
export default {
  links: {
    // The bundled stack of docker compose and `npm start`. Kubernetes has links of its own.
    runbooks: "http://localhost:8090/runbooks",
    dashboards: "http://localhost:3000",
    alertmanager: "http://localhost:9093",
    prometheus: "http://localhost:9090",
    service: "http://localhost:8000",
  },
  // On every runbook. Add the owners of Redis, of each task type and of the clients.
  emergencyContacts: [
    { role: "On-call engineer", contact: "PagerDuty" },
    { role: "Platform team", contact: "Slack #team-platform" },
    { role: "Critical alerts", contact: "Slack #alerts-critical" },
  ],
} satisfies BundleConfig;
