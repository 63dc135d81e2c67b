import { BUNDLE } from "./bundle/index.ts";
import type { Deployment } from "./catalogue/runbook.ts";

const { namespace, httpPort, redis, links } = BUNDLE.kubernetes;

/** Where the manifests mount the service's secrets. */
export const KUBERNETES_SECRETS_PATH = "/run/secrets/mcp-orchestrator";

const OWN_ADDRESSES = [
  `export PROMETHEUS_URL="\${PROMETHEUS_URL:-http://localhost:9090}" ALERTMANAGER_URL="\${ALERTMANAGER_URL:-http://localhost:9093}"`,
  `export ORCHESTRATOR_URL="\${ORCHESTRATOR_URL:-http://localhost:8000}" REDIS_URL="\${REDIS_URL:-redis://localhost:6379}"`,
];
const REDIS_CLI = `redis-cli() { command redis-cli -u "$REDIS_URL" \${REDIS_OPERATOR:+--user} \${REDIS_OPERATOR:+"$REDIS_OPERATOR"} "$@"; }`;
const ON_THE_HOST = [
  "# As an operator of Redis: REDIS_OPERATOR is the user, REDISCLI_AUTH the password; REDIS_URL has neither.",
  REDIS_CLI,
  "# The admin token is read from ADMIN_TOKEN_FILE; no command line shows it.",
  `api() { local method="$1" route="$2"; shift 2; [ $# -eq 0 ] || set -- -H 'Content-Type: application/json' -d "$1"; curl -sS -X "$method" -H @<([ -z "\${ADMIN_TOKEN_FILE:-}" ] || printf 'Authorization: Bearer %s' "$(cat "$ADMIN_TOKEN_FILE")") "$@" "$ORCHESTRATOR_URL$route"; }`,
];

/**
 * What a person pastes once before the commands of a runbook, for each way to run the service: addresses, credentials,
 * and the functions `redis-cli` and `api` that the commands use. For bash and zsh.
 */
export const PREAMBLES: Readonly<Record<Deployment, string>> = {
  compose: lines(
    "# In the folder of docker-compose.yml.",
    'export PROMETHEUS_URL="http://$(docker compose port prometheus 9090)" ALERTMANAGER_URL="http://$(docker compose port alertmanager 9093)"',
    "# As the operator of Redis, whose password is a file in the container.",
    `redis-cli() { docker compose exec -T redis sh -c 'REDISCLI_AUTH=$(cat /credentials/operator-password) exec redis-cli --user operator "$@"' redis-cli "$@" </dev/null; }`,
    "# The command line in the service's container, which knows the admin token.",
    'api() { docker compose exec -T orchestrator node orchestrator/src/cli.ts request "$@" </dev/null; }',
  ),
  supervisor: lines(...OWN_ADDRESSES, ...ON_THE_HOST),
  native: lines(
    ...OWN_ADDRESSES,
    `export LOG_FILE="\${LOG_FILE:-/var/log/mcp-orchestrator/orchestrator.log}"`,
    ...ON_THE_HOST,
  ),
  kubernetes: lines(
    `export NAMESPACE=${namespace} PROMETHEUS_URL=${links.prometheus ?? "http://localhost:9090"} ALERTMANAGER_URL=${links.alertmanager ?? "http://localhost:9093"}`,
    "# Redis as its operator, from where it can be reached (or after `kubectl port-forward`): REDISCLI_AUTH is the password of REDIS_OPERATOR.",
    `export REDIS_URL="\${REDIS_URL:-${redis.url.replace(/^(rediss?:\/\/)[^@/]*@/, "$1")}}"`,
    REDIS_CLI,
    "# The command line in the service's container, with the token of its secret.",
    `api() { kubectl -n "$NAMESPACE" exec deployment/mcp-orchestrator -- node orchestrator/src/cli.ts --url http://127.0.0.1:${httpPort} --token-file ${KUBERNETES_SECRETS_PATH}/admin-token request "$@"; }`,
  ),
};

function lines(...text: string[]): string {
  return text.join("\n");
}
