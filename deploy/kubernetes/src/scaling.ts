import { ScaledObject, TriggerAuthentication } from "@kubernetes-models/keda/keda.sh/v1alpha1";
import { alertNamed, BUNDLE, type Bundle } from "@mcp-orchestrator/alerts";
import { LANES } from "mcp-orchestrator/contract";
import { createKeys } from "mcp-orchestrator/keys";
import { LABELS, NAME, SERVICE_SECRET } from "./names.ts";
import { redisAccess } from "./redis.ts";

const POLLING_INTERVAL_SECONDS = 10;
/** Scale-in is slow: each step hands entries back, and a burst is often followed by another. */
const SCALE_IN_WINDOW_SECONDS = 300;
const SCALE_IN_PERIOD_SECONDS = 60;
/** Looks at Redis that fail before the replicas of the fallback take over. */
const FAILURES_BEFORE_FALLBACK = 3;

/**
 * Entries of a stream that one replica is expected to keep up with: half the lag that alerts, so that help arrives
 * before a person has to.
 */
export function entriesPerReplica(): number {
  return Math.max(1, Math.floor(alertNamed("HighConsumerLag").threshold.value / 2));
}

export const redisAuthentication = new TriggerAuthentication({
  metadata: { name: `${NAME}-redis`, labels: LABELS },
  spec: { secretTargetRef: [{ parameter: "password", name: SERVICE_SECRET, key: "redis-password" }] },
});

/**
 * Replicas follow the longest stream. The service deletes an entry when it acknowledges it, so that a stream's length
 * counts what waits and what is being worked on: a replica is not taken away while it holds entries that the lag alone
 * would not show. Without a consumer group in the trigger, KEDA asks for the length.
 */
export function scaledObject(kubernetes: Bundle["kubernetes"] = BUNDLE.kubernetes): ScaledObject {
  const { scaler, metadata, keyPrefix } = redisAccess(kubernetes);
  const { min, max } = kubernetes.replicas;
  const keys = createKeys(keyPrefix);
  const streams = kubernetes.types.flatMap((type) => LANES.map((lane) => keys.queue(type, lane).stream));
  return new ScaledObject({
    metadata: { name: NAME, labels: LABELS },
    spec: {
      scaleTargetRef: { name: NAME },
      minReplicaCount: min,
      maxReplicaCount: max,
      // Without Redis the queue length is unknown: as many as without load, and some to spare.
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
        authenticationRef: { name: redisAuthentication.metadata?.name ?? "" },
      })),
    },
  });
}
