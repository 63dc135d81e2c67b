import { BUNDLE } from "@mcp-orchestrator/alerts";

/** Namespace of the base; an overlay may change it with `namespace:`, as overlays/another-namespace does. */
export const NAMESPACE = BUNDLE.kubernetes.namespace;
/** Name of the service and of most of its objects. */
export const NAME = "mcp-orchestrator";
/** Name of the container's and the service's port. */
export const HTTP_PORT_NAME = "http";
/** Port of the API and of /metrics. */
export const HTTP_PORT = BUNDLE.kubernetes.httpPort;
/** Secret of the service; docs/guides/kubernetes.md lists its keys. */
export const SERVICE_SECRET = NAME;
/** Secret with the addresses and keys of the receivers. */
export const NOTIFICATION_SECRET = `${NAME}-notifications`;
/** ConfigMap with the settings of the service. */
export const SETTINGS_CONFIG_MAP = `${NAME}-settings`;

/** Selector of the pods. It never changes, because a Deployment cannot change its selector. */
export const SELECTOR_LABELS = { "app.kubernetes.io/name": NAME } as const;
/** Labels of every object. */
export const LABELS = { ...SELECTOR_LABELS, "app.kubernetes.io/part-of": NAME } as const;
