import { type BundleConfig, EXAMPLE_BUNDLE, EXAMPLE_THRESHOLDS } from "@mcp-orchestrator/alerts";

/** Bundles of other installations, under which everything must work. */
export const OTHER_BUNDLES = {
  /** The thresholds that docs/reference/bundle.md gives as an example, in a cluster. */
  example: {
    deployment: "kubernetes",
    job: "orders-orchestrator",
    thresholds: EXAMPLE_THRESHOLDS,
    kubernetes: {
      namespace: "orders",
      httpPort: 9000,
      egressPorts: [8443],
      types: ["reasoning", "translate"],
      ruleLabels: { release: "rules" },
      monitorLabels: { release: "monitors" },
      notificationLabels: { release: "notifications" },
      redis: { url: "rediss://redis.example.com:6380", tls: { privateCa: true, clientCertificate: true } },
    },
  },
  /** The example of docs/reference/bundle.md, with a threshold that leaves no room for its fault. */
  scoped: EXAMPLE_BUNDLE,
} as const satisfies Readonly<Record<string, BundleConfig>>;
