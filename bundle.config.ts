import type { BundleConfig } from "./alerts/src/bundle/schema.ts";

/**
 * Everything that differs between installations: the one file that you edit. Then run `npm run generate`; rules, promtool
 * tests, routes, dashboards, runbooks and manifests follow. docs/bundle.md describes every setting and its default.
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
  },
} satisfies BundleConfig;
