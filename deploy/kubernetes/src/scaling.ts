import { ScaledObject, TriggerAuthentication } from "@kubernetes-models/keda/keda.sh/v1alpha1";
import { alertNamed } from "@mcp-orchestrator/alerts";
import { BUILT_IN_TYPES, LANES } from "mcp-orchestrator/contract";
import { createKeys } from "mcp-orchestrator/keys";
import { LABELS, NAME, SERVICE_SECRET } from "./names.ts";
import { KEY_PREFIX, REDIS_HOST, REDIS_PORT, REDIS_USER } from "./settings.ts";
import { REPLICAS } from "./workload.ts";

const MAX_REPLICAS = 10;
const POLLING_INTERVAL_SECONDS = 10;
/** Scale-in is slow: each step hands entries back, and a burst is often followed by another. */
const SCALE_IN_WINDOW_SECONDS = 300;
const SCALE_IN_PERIOD_SECONDS = 60;

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
export function scaledObject(): ScaledObject {
  const keys = createKeys(KEY_PREFIX);
  const streams = BUILT_IN_TYPES.flatMap((type) => LANES.map((lane) => keys.queue(type, lane).stream));
  return new ScaledObject({
    metadata: { name: NAME, labels: LABELS },
    spec: {
      scaleTargetRef: { name: NAME },
      minReplicaCount: REPLICAS,
      maxReplicaCount: MAX_REPLICAS,
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
        type: "redis-streams",
        metadata: {
          address: `${REDIS_HOST}:${REDIS_PORT}`,
          username: REDIS_USER,
          stream,
          streamLength: String(entriesPerReplica()),
        },
        authenticationRef: { name: redisAuthentication.metadata?.name ?? "" },
      })),
    },
  });
}
