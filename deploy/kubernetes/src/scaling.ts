import { ScaledObject, TriggerAuthentication } from "@kubernetes-models/keda/keda.sh/v1alpha1";
import { alertNamed, BUNDLE, type Bundle } from "@mcp-orchestrator/alerts";
import { LANES } from "mcp-orchestrator/contract";
import { createKeys } from "mcp-orchestrator/keys";
import { LABELS, NAME, SERVICE_SECRET } from "./names.ts";
import { redisAccess } from "./redis.ts";

const POLLING_INTERVAL_SECONDS = 10;
/** Scale-in is slow, because each step returns entries to their queue, and bursts often follow each other. */
const SCALE_IN_WINDOW_SECONDS = 300;
const SCALE_IN_PERIOD_SECONDS = 60;
/** Failed reads of Redis before the fallback number of replicas applies. */
const FAILURES_BEFORE_FALLBACK = 3;

/**
 * Entries of a stream per replica: half the lag that fires HighConsumerLag, so that replicas are added before an
 * engineer is notified.
 */
export function entriesPerReplica(): number {
  return Math.max(1, Math.floor(alertNamed("HighConsumerLag").threshold.value / 2));
}

/** The name of the trigger authentication, for triggers. */
const AUTHENTICATION = `${NAME}-redis`;

/** Passwords and certificates of the autoscaler, from the secret of the service. */
export function redisAuthentication(kubernetes: Bundle["kubernetes"] = BUNDLE.kubernetes): TriggerAuthentication {
  const secrets = Object.entries(redisAccess(kubernetes).secrets);
  return new TriggerAuthentication({
    metadata: { name: AUTHENTICATION, labels: LABELS },
    spec: { secretTargetRef: secrets.map(([parameter, key]) => ({ parameter, name: SERVICE_SECRET, key })) },
  });
}

/**
 * Replicas follow the longest stream. The service deletes an entry when it acknowledges it, so a stream's length
 * includes running tasks, and no replica is removed while it runs some. KEDA uses the length if the trigger has no
 * consumer group.
 */
export function scaledObject(kubernetes: Bundle["kubernetes"] = BUNDLE.kubernetes): ScaledObject {
  const { scaler, metadata, annotations, keyPrefix } = redisAccess(kubernetes);
  const { min, max } = kubernetes.replicas;
  const keys = createKeys(keyPrefix);
  const streams = kubernetes.types.flatMap((type) => LANES.map((lane) => keys.queue(type, lane).stream));
  return new ScaledObject({
    metadata: { name: NAME, labels: LABELS, ...(Object.keys(annotations).length > 0 && { annotations }) },
    spec: {
      scaleTargetRef: { name: NAME },
      minReplicaCount: min,
      maxReplicaCount: max,
      // Without Redis the queue length is unknown: the minimum plus a margin.
      fallback: { failureThreshold: FAILURES_BEFORE_FALLBACK, replicas: Math.ceil((min + max) / 2) },
      pollingInterval: POLLING_INTERVAL_SECONDS,
      advanced: {
        horizontalPodAutoscalerConfig: {
          behavior: {
            scaleDown: {
              stabilizationWindowSeconds: SCALE_IN_WINDOW_SECONDS,
              policies: [{ type: "Pods", value: 1, periodSeconds: SCALE_IN_PERIOD_SECONDS }],
            },
          },
        },
      },
      triggers: streams.map((stream) => ({
        type: scaler,
        metadata: { ...metadata, stream, streamLength: String(entriesPerReplica()) },
        authenticationRef: { name: AUTHENTICATION },
      })),
    },
  });
}
