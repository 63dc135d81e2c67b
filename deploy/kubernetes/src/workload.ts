import { BUNDLE } from "@mcp-orchestrator/alerts";
import { Deployment } from "kubernetes-models/apps/v1";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1";
import { ConfigMap, type IContainer, Namespace, Service, ServiceAccount } from "kubernetes-models/v1";
import { longestShutdownMs } from "mcp-orchestrator/shutdown";
import {
  HTTP_PORT,
  HTTP_PORT_NAME,
  LABELS,
  NAME,
  NAMESPACE,
  SELECTOR_LABELS,
  SERVICE_SECRET,
  SETTINGS_CONFIG_MAP,
} from "./names.ts";
import { replicaMemoryMib, SECRETS_PATH, SETTINGS, SHUTDOWN_DELAY_MS, SHUTDOWN_TIMEOUT_MS } from "./settings.ts";

/** The image built from orchestrator/Dockerfile; an overlay's `images:` gives it a registry. */
export const IMAGE = "mcp-orchestrator";
/** Seconds from SIGTERM to SIGKILL: the longest stop, and a margin for a busy node. */
const SHUTDOWN_MARGIN_SECONDS = 2;
const GRACE_PERIOD_SECONDS =
  Math.ceil(longestShutdownMs({ shutdownDelayMs: SHUTDOWN_DELAY_MS, shutdownTimeoutMs: SHUTDOWN_TIMEOUT_MS }) / 1000) +
  SHUTDOWN_MARGIN_SECONDS;

export const namespace = new Namespace({
  metadata: { name: NAMESPACE, labels: { ...LABELS, "pod-security.kubernetes.io/enforce": "restricted" } },
});

export const serviceAccount = new ServiceAccount({
  metadata: { name: NAME, labels: LABELS },
  automountServiceAccountToken: false,
});

export const settings = new ConfigMap({
  metadata: { name: SETTINGS_CONFIG_MAP, labels: LABELS },
  data: { ...SETTINGS },
});

const container: IContainer = {
  name: NAME,
  image: IMAGE,
  ports: [{ name: HTTP_PORT_NAME, containerPort: HTTP_PORT }],
  envFrom: [{ configMapRef: { name: SETTINGS_CONFIG_MAP } }],
  // Consumers of two replicas must not share a name. The pod's name is unique and survives a restart of the container.
  env: [{ name: "INSTANCE_ID", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
  // Liveness is the process, readiness the work: a replica without Redis gets no requests, and is not restarted.
  startupProbe: { httpGet: { path: "/healthz", port: HTTP_PORT_NAME }, periodSeconds: 2, failureThreshold: 30 },
  livenessProbe: { httpGet: { path: "/healthz", port: HTTP_PORT_NAME }, periodSeconds: 10, timeoutSeconds: 3 },
  readinessProbe: { httpGet: { path: "/readyz", port: HTTP_PORT_NAME }, periodSeconds: 5, timeoutSeconds: 3 },
  resources: {
    requests: { cpu: "500m", memory: "768Mi" },
    limits: { memory: `${replicaMemoryMib(BUNDLE.kubernetes.types)}Mi` },
  },
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  },
  volumeMounts: [
    { name: "secrets", mountPath: SECRETS_PATH, readOnly: true },
    { name: "tmp", mountPath: "/tmp" },
  ],
};

export const deployment = new Deployment({
  metadata: { name: NAME, labels: LABELS },
  spec: {
    // No `replicas`: the autoscaler sets them, and each `kubectl apply` would reset them.
    selector: { matchLabels: SELECTOR_LABELS },
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    template: {
      metadata: { labels: LABELS },
      spec: {
        serviceAccountName: NAME,
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: GRACE_PERIOD_SECONDS,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 1000,
          runAsGroup: 1000,
          fsGroup: 1000,
          seccompProfile: { type: "RuntimeDefault" },
        },
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: "kubernetes.io/hostname",
            whenUnsatisfiable: "ScheduleAnyway",
            labelSelector: { matchLabels: SELECTOR_LABELS },
          },
        ],
        containers: [container],
        volumes: [
          { name: "secrets", secret: { secretName: SERVICE_SECRET, defaultMode: 0o440 } },
          { name: "tmp", emptyDir: { sizeLimit: "64Mi" } },
        ],
      },
    },
  },
});

export const service = new Service({
  metadata: { name: NAME, labels: LABELS },
  spec: { selector: SELECTOR_LABELS, ports: [{ name: HTTP_PORT_NAME, port: HTTP_PORT, targetPort: HTTP_PORT_NAME }] },
});

export const disruptionBudget = new PodDisruptionBudget({
  metadata: { name: NAME, labels: LABELS },
  spec: { maxUnavailable: 1, selector: { matchLabels: SELECTOR_LABELS } },
});
