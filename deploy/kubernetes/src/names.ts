import { BUNDLE } from "@mcp-orchestrator/alerts";

/** Namespace of the base; an overlay may set another one with `namespace:`, see docs/scaling.md. */
export const NAMESPACE = BUNDLE.kubernetes.namespace;
/** Name of the service and of nearly everything that belongs to it. */
export const NAME = "mcp-orchestrator";
/** Name of the container's and the service's port. */
export const HTTP_PORT_NAME = "http";
/** Port of the API and of /metrics. */
export const HTTP_PORT = BUNDLE.kubernetes.httpPort;
/** Secret with what the service must keep to itself: `redis-password`, `admin-token`, `chat-api-key`. */
export const SERVICE_SECRET = NAME;
/** Secret with the addresses and keys of the receivers. */
export const NOTIFICATION_SECRET = `${NAME}-notifications`;
/** ConfigMap with the settings of the service. */
export const SETTINGS_CONFIG_MAP = `${NAME}-settings`;

/** What selects the pods; never changes, since a Deployment cannot change its selector. */
export const SELECTOR_LABELS = { "app.kubernetes.io/name": NAME } as const;
/** Labels of every object. */
export const LABELS = { ...SELECTOR_LABELS, "app.kubernetes.io/part-of": NAME } as const;
