import type { BundleConfig } from "./schema.ts";

/** Two installations that a pair of Prometheus servers scrapes, run by systemd. What is not set has its default. */
export default {
  deployment: "native",
  job: "tasks",
  selector: { env: "prod" },
  scope: {
    labels: ["cluster", "namespace"],
    installations: [
      { cluster: "eu", namespace: "orders" },
      { cluster: "eu", namespace: "billing" },
    ],
    replicaLabels: ["replica"],
  },
  externalLabels: { region: "eu-1", replica: "a" },
  alertLabels: { team: "orders", tier: "1" },
  thresholds: { HighConsumerLag: 200, QueueDepthSpike: 800, TaskFailureRateHigh: 0.1, RedisMemoryHigh: 0.85 },
  expectedReplicas: 3,
  slo: { expressLatency: { objective: 0.995 } },
  links: {
    runbooks: "https://runbooks.example.com/mcp",
    dashboards: "https://grafana.example.com",
    alertmanager: "https://alertmanager.example.com",
    prometheus: "https://prometheus.example.com",
  },
  notifications: { slack: { "slack-critical": { channel: "#orders" } } },
  emergencyContacts: [{ role: "Team Orders", contact: "Slack #orders" }],
} satisfies BundleConfig;
