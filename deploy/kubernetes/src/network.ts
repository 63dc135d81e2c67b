import { BUNDLE } from "@mcp-orchestrator/alerts";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1";
import { HTTP_PORT, LABELS, NAME, SELECTOR_LABELS } from "./names.ts";
import { redisAccess } from "./redis.ts";

/** Label of namespaces that may call the service: those of clients and of Prometheus. */
const CLIENT_LABEL = "mcp-orchestrator/client";

/** Allowed traffic to and from the pods; everything else is dropped. */
export const networkPolicy = new NetworkPolicy({
  metadata: { name: NAME, labels: LABELS },
  spec: {
    podSelector: { matchLabels: SELECTOR_LABELS },
    policyTypes: ["Ingress", "Egress"],
    ingress: [
      {
        from: [{ podSelector: {} }, { namespaceSelector: { matchLabels: { [CLIENT_LABEL]: "true" } } }],
        ports: [{ port: HTTP_PORT, protocol: "TCP" }],
      },
    ],
    egress: [
      {
        to: [{ namespaceSelector: {}, podSelector: { matchLabels: { "k8s-app": "kube-dns" } } }],
        ports: [
          { port: 53, protocol: "UDP" },
          { port: 53, protocol: "TCP" },
        ],
      },
      { ports: redisAccess().ports.map((port) => ({ port, protocol: "TCP" })) },
      // The external APIs of the handlers.
      { ports: BUNDLE.kubernetes.egressPorts.map((port) => ({ port, protocol: "TCP" })) },
    ],
  },
});
