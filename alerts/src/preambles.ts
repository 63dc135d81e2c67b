import { BUNDLE, type Bundle } from "./bundle/index.ts";
import type { Deployment } from "./catalogue/runbooks/runbook.ts";

const { namespace, httpPort, redis, links } = BUNDLE.kubernetes;

/** Where the manifests mount the service's secrets. */
export const KUBERNETES_SECRETS_PATH = "/run/secrets/mcp-orchestrator";

/** Queries Prometheus; prints the value of each series with its labels, largest first. */
const PROM = `prom() { curl -fsSG "$PROMETHEUS_URL/api/v1/query" --data-urlencode "query=$1" | jq -r '.data.result | sort_by(.value[1] | tonumber) | reverse[] | "\\(.value[1]) \\(.metric)"'; }`;
const OWN_ADDRESSES = [
  `export PROMETHEUS_URL="\${PROMETHEUS_URL:-http://localhost:9090}" ALERTMANAGER_URL="\${ALERTMANAGER_URL:-http://localhost:9093}"`,
  `export MCP_ORCHESTRATOR_URL="\${MCP_ORCHESTRATOR_URL:-http://127.0.0.1:8000}" MCP_ORCHESTRATOR_HOME="\${MCP_ORCHESTRATOR_HOME:-/opt/mcp-orchestrator}"`,
  `export REDIS_URL="\${REDIS_URL:-redis://localhost:6379}" REDIS_USERNAME="\${REDIS_USERNAME:-orchestrator}"`,
];
const OPERATOR_OPTIONS = `\${REDIS_OPERATOR:+--user} \${REDIS_OPERATOR:+"$REDIS_OPERATOR"}`;
const REDIS_CLI = `redis-cli() { command redis-cli -u "$REDIS_URL" ${OPERATOR_OPTIONS} "$@"; }`;
/** Files that a Redis with certificates of its own needs, by the variables that name them. */
const TLS_FILES = [
  ...(redis.tls.privateCa ? [{ option: "--cacert", variable: "REDIS_TLS_CA_FILE" }] : []),
  ...(redis.tls.clientCertificate
    ? [
        { option: "--cert", variable: "REDIS_TLS_CERT_FILE" },
        { option: "--key", variable: "REDIS_TLS_KEY_FILE" },
      ]
    : []),
];
const KUBERNETES_OPTIONS = [
  OPERATOR_OPTIONS,
  ...TLS_FILES.map(({ option, variable }) => `${option} "$${variable}"`),
].join(" ");
const KUBERNETES_REDIS_CLI =
  redis.cluster === undefined
    ? `redis-cli() { command redis-cli -u "$REDIS_URL" ${KUBERNETES_OPTIONS} "$@"; }`
    : // In a Cluster, the node of a key answers, and the service keeps all its keys in one slot.
      `redis-cli() { local slot='{mcp}:'; command redis-cli -c -u "$REDIS_URL" ${KUBERNETES_OPTIONS} "\${@//mcp:/$slot}"; }`;
const ON_THE_HOST = [
  PROM,
  REDIS_CLI,
  `mcp-orchestrator() { "$MCP_ORCHESTRATOR_HOME/node_modules/.bin/node" "$MCP_ORCHESTRATOR_HOME/orchestrator/src/cli.ts" "$@"; }`,
];

const MONITORING = `"\${MONITORING_NAMESPACE:-monitoring}"`;

/**
 * What makes reachable what has no address outside the cluster: the services of the Prometheus operator, and Redis. Not
 * Sentinels or a Cluster, whose nodes name each other by addresses inside.
 */
export function portForwards({ links, redis }: Bundle["kubernetes"]): readonly string[] {
  const { protocol, hostname, port, pathname } = new URL(redis.url);
  const [, service, ownNamespace] = /^([^.]+)(?:\.([^.]+)\.svc(?:\..*)?)?$/.exec(hostname) ?? [];
  const at = port || "6379";
  const isElsewhere = service === undefined || redis.sentinel !== undefined || redis.cluster !== undefined;
  return [
    ...(links.prometheus ? [] : [`kubectl -n ${MONITORING} port-forward svc/prometheus-operated 9090 &`]),
    ...(links.alertmanager ? [] : [`kubectl -n ${MONITORING} port-forward svc/alertmanager-operated 9093 &`]),
    ...(isElsewhere
      ? []
      : [
          `kubectl -n ${ownNamespace ?? '"$NAMESPACE"'} port-forward svc/${service} ${at} &`,
          `export REDIS_URL=${protocol}//localhost:${at}${pathname};`,
        ]),
  ];
}

const FORWARDS = portForwards(BUNDLE.kubernetes);

/**
 * What a person pastes once before the commands of a runbook, for each deployment: addresses, credentials, and the
 * functions `prom`, `redis-cli` and `mcp-orchestrator`. For bash and zsh, so without comments.
 */
export const PREAMBLES: Readonly<Record<Deployment, string>> = {
  compose: lines(
    'export PROMETHEUS_URL="http://$(docker compose port prometheus 9090)" ALERTMANAGER_URL="http://$(docker compose port alertmanager 9093)" REDIS_USERNAME=orchestrator',
    PROM,
    `redis-cli() { docker compose exec -T redis sh -c 'REDISCLI_AUTH=$(cat /credentials/operator-password) exec redis-cli --user operator "$@"' redis-cli "$@" </dev/null; }`,
    'mcp-orchestrator() { docker compose exec -T orchestrator node orchestrator/src/cli.ts "$@" </dev/null; }',
  ),
  supervisor: lines(...OWN_ADDRESSES, ...ON_THE_HOST),
  native: lines(
    ...OWN_ADDRESSES,
    `export LOG_FILE="\${LOG_FILE:-/var/log/mcp-orchestrator/orchestrator.log}"`,
    ...ON_THE_HOST,
  ),
  kubernetes: lines(
    `export NAMESPACE=${namespace} PROMETHEUS_URL=${links.prometheus ?? "http://localhost:9090"} ALERTMANAGER_URL=${links.alertmanager ?? "http://localhost:9093"}`,
    `export REDIS_URL="\${REDIS_URL:-${redis.url.replace(/^(rediss?:\/\/)[^@/]*@/, "$1")}}" REDIS_USERNAME=${redis.username}`,
    ...(FORWARDS.length === 0 ? [] : [`forward() { ${FORWARDS.join(" ")} }`]),
    PROM,
    KUBERNETES_REDIS_CLI,
    `mcp-orchestrator() { kubectl -n "$NAMESPACE" exec deployment/mcp-orchestrator -- node orchestrator/src/cli.ts --url http://127.0.0.1:${httpPort} --token-file ${KUBERNETES_SECRETS_PATH}/admin-token "$@"; }`,
  ),
};

/** The queue of an alert's labels TYPE and LANE, its consumer group, and its delayed tasks. */
export const QUEUE_OF_LABELS =
  'export QUEUE="mcp:queue:$TYPE" DELAYED="mcp:delayed:$TYPE" GROUP=mcp_"$LANE"_"$TYPE"; [ "$LANE" = regular ] || QUEUE="$QUEUE:express" DELAYED="$DELAYED:express"';

const OPERATOR = "`REDIS_OPERATOR` and `REDISCLI_AUTH` (user and password of a Redis operator)";
const HOST_HINT = `Set ${OPERATOR}, \`MCP_ORCHESTRATOR_TOKEN_FILE\`, and the addresses below if they differ. Paste this as root on the host of the service`;

/** Where the settings of a deployment are, how a change comes into force, and how to roll back; sentences of a list. */
export const SETTINGS_HINTS: Readonly<Record<Deployment, string>> = {
  compose:
    "Create or edit `docker-compose.override.yml`: settings are under `services.orchestrator.environment`, such as " +
    '`WORKERS_PER_TYPE: "4"`. `docker compose up -d orchestrator` applies them and restarts all replicas; `restart` and ' +
    "`start` do not. To roll back, check out the former release and run `docker compose up -d --build orchestrator`.",
  supervisor:
    "Settings are in `/etc/supervisor/conf.d/mcp-orchestrator.conf`, in `environment`. `supervisorctl update` applies them, " +
    "a restart does not. To roll back, check out the former release, run `npm ci` and restart the service.",
  native:
    "Settings are in `/etc/mcp-orchestrator.env`. `systemctl restart mcp-orchestrator` applies them. To roll back, check out " +
    "the former release, run `npm ci` and restart the service.",
  kubernetes:
    "Settings are in the ConfigMap `mcp-orchestrator-settings`. A rollout restart of the deployment applies them. To roll " +
    `back: \`kubectl -n ${namespace} rollout undo deployment/mcp-orchestrator\`.`,
};

/** What a preamble needs, and where it is pasted; without the full stop. */
export const PREAMBLE_HINTS: Readonly<Record<Deployment, string>> = {
  compose: "Paste this in the folder of `docker-compose.yml`",
  supervisor: HOST_HINT,
  native: HOST_HINT,
  kubernetes:
    `Set ${[OPERATOR, ...TLS_FILES.map(({ variable }) => `\`${variable}\``)].join(", ")}. ` +
    (FORWARDS.length === 0
      ? ""
      : "After this block, run `forward` unless the servers are reachable from here: it forwards the ports of Prometheus and " +
        "Alertmanager in `MONITORING_NAMESPACE` (by default `monitoring`), and of Redis. ") +
    (redis.sentinel === undefined ? "" : "Set `REDIS_URL` to the address of the master, which the Sentinels know. ") +
    "Paste this where `kubectl` reaches the cluster",
};

function lines(...text: string[]): string {
  return text.join("\n");
}
