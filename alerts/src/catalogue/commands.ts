import type { Command, Shows, Step } from "./runbook.ts";

/**
 * Commands that several runbooks share. They use what the preamble of the deployment defines (`../preambles.ts`): the
 * functions `redis-cli` and `api`, PROMETHEUS_URL, ALERTMANAGER_URL, LOG_FILE, NAMESPACE; and from the labels of the
 * alert TYPE, LANE, QUEUE and GROUP.
 */
type Expected = { readonly firing?: Shows; readonly healthy?: Shows };

/** Asks Prometheus; prints the value of each series, largest first, with its labels. */
export function query(id: string, why: string, promql: string, expected: Expected = {}): Command {
  const print = '.data.result | sort_by(.value[1] | tonumber) | reverse[] | "\\(.value[1]) \\(.metric)"';
  return {
    id,
    why,
    run: `curl -sG "$PROMETHEUS_URL/api/v1/query" --data-urlencode query='${promql}' | jq -r '${print}'`,
    ...expected,
  };
}

/** Runs a Redis command. */
export function redis(id: string, why: string, command: string, expected: Expected = {}): Command {
  return { id, why, run: `redis-cli ${command}`, ...expected };
}

/** Reads an endpoint of the service, filtered by jq. */
export function api(id: string, why: string, path: string, filter: string, expected: Expected = {}): Command {
  return { id, why, run: `api GET '${path}' | jq -r '${filter}'`, ...expected };
}

/** Uses an admin endpoint. */
export function admin(id: string, why: string, path: string, body?: string, expected: Expected = {}): Command {
  return { id, why, run: `api POST ${path}${body === undefined ? "" : ` '${body}'`}`, ...expected };
}

/** Looks for lines of the service's log. */
export function logs(id: string, why: string, pattern: string, expected: Expected = {}): Command {
  const find = (source: string) => `${source} | grep -E '${pattern}' | tail -20`;
  return {
    id,
    why,
    run: {
      compose: find("docker compose logs --no-log-prefix --tail 5000 orchestrator"),
      supervisor: find("tail -n 5000 /opt/mcp-orchestrator/logs/orchestrator.log"),
      native: find('tail -n 5000 "$LOG_FILE"'),
      kubernetes: find(
        'kubectl -n "$NAMESPACE" logs -l app.kubernetes.io/name=mcp-orchestrator --tail 5000 --max-log-requests 20',
      ),
    },
    ...expected,
  };
}

export const redisPing = redis("redis-ping", "Does Redis answer?", "PING", { firing: { matches: "^PONG$" } });

export const redisLatency = redis(
  "redis-latency",
  "How long does Redis take to answer, in ms (min, max, average)? Under 10 is normal, over 50 is trouble.",
  "--raw --latency -i 1",
  { firing: { matches: "^\\d" } },
);

export const redisMemory = redis(
  "redis-memory",
  "How full is Redis, and is the policy `noeviction`?",
  "INFO memory | grep -E '^(used_memory_human|maxmemory_human|maxmemory_policy):'",
  { firing: { matches: "^maxmemory_policy:noeviction" } },
);

export const workersStatus = api(
  "workers-status",
  "How many workers of each type are wanted and active, and is a type paused (a breaker, a switch)?",
  "/api/v1/workers/status",
  '.types[] | "\\(.active) of \\(.wanted) \\(.type) workers active \\(.paused | join(", "))"',
  { firing: { matches: "^\\d+ of \\d+ \\w+ workers active" } },
);

export const workerProcesses: Command = {
  id: "worker-processes",
  why: "Are the worker processes there?",
  run: {
    compose: "docker compose top orchestrator | grep express_pool",
    supervisor: "ps aux | grep '[e]xpress_pool'",
    native: "ps aux | grep '[e]xpress_pool'",
    // The image has no ps.
    kubernetes: `kubectl -n "$NAMESPACE" exec deployment/mcp-orchestrator -- sh -c "cat /proc/[0-9]*/cmdline | tr '\\0' '\\n' | grep '[e]xpress_pool:'"`,
  },
  firing: { matches: "express_pool:" },
};

export const upstreamLatency = query(
  "upstream-latency",
  "How long do the external APIs take (p95, seconds)?",
  "histogram_quantile(0.95, sum by (upstream, le) (rate(mcp_upstream_request_duration_seconds_bucket[1m])))",
);

export const upstreamErrors = query(
  "upstream-errors",
  "How often do they fail, by outcome (per second)?",
  'sum by (upstream, outcome) (rate(mcp_upstream_requests_total{outcome!="ok"}[1m])) > 0',
);

export const breakers = query(
  "breakers",
  "Which circuit breakers are not closed (1 half open, 2 open)?",
  "max by (upstream) (mcp_circuit_state) > 0",
);

export const restart: Command = {
  id: "restart",
  why: "Restart the service. What is in flight is finished or handed back to its queue; nothing is lost.",
  run: {
    compose: "docker compose restart orchestrator",
    supervisor: "supervisorctl restart mcp-orchestrator",
    native: "systemctl restart mcp-orchestrator",
    kubernetes: 'kubectl -n "$NAMESPACE" rollout restart deployment/mcp-orchestrator',
  },
};

/** Relative to what there is: an absolute number may stop workers in the middle of an incident. */
const scaleBy = (id: string, why: string, change: string): Command => ({
  id,
  why,
  run:
    `COUNT=$(api GET /api/v1/workers/status | jq -r --arg type "$TYPE" '.types[] | select(.type == $type) | [.wanted ${change}, 0] | max')\n` +
    `api POST /api/v1/admin/workers/scale '{"type": "'"$TYPE"'", "count": '"$COUNT"'}'`,
  firing: { matches: '"count":\\d+' },
});

export const scaleUp = scaleBy(
  "scale-up",
  "Two more workers of the type, on the replica that answers; they go at its next restart (`WORKERS_PER_TYPE` makes them " +
    "lasting). Each may take `WORKER_MEMORY_LIMIT_BYTES` of the host's memory.",
  "+ 2",
);

export const scaleBack = scaleBy(
  "scale-back",
  "Take them away again when the backlog is gone; what they work on is finished first.",
  "- 2",
);

/**
 * Gives the service's Redis user a permission, also after a restart of Redis.
 *
 * @param permission such as `+xack`
 */
export function grant(why: string, permission: string): Command {
  return redis(
    "acl-grant",
    `${why} \`ACL SAVE\` keeps it over a restart of Redis; where Redis has no ACL file, put it into the configuration.`,
    `ACL SETUSER orchestrator ${permission} && redis-cli ACL SAVE`,
    { firing: { matches: "^OK$" } },
  );
}

export const limitRate = admin(
  "rate-limit",
  "Refuse new tasks over a rate, on all replicas; submitters get 429 with Retry-After.",
  "/api/v1/admin/rate-limit/enable",
  '{"per_second": 50}',
  { firing: { matches: '"enabled":true' } },
);

export const liftRate = admin(
  "rate-limit-off",
  "Lift the limit when the backlog is gone.",
  "/api/v1/admin/rate-limit/disable",
  undefined,
  {
    firing: { matches: '"enabled":false' },
  },
);

/** What is left to do where an external API is the cause: nothing but to wait well. */
export const upstreamSteps: readonly Step[] = [
  {
    text:
      "The API has to recover; the service waits well meanwhile. Its circuit breaker opens, cached answers marked " +
      "`degraded` are given where they are young enough, and the other tasks stay queued without spending an attempt. " +
      "See the provider's status page, quotas and rate limits of the account, and the network path to it.",
    commands: [upstreamErrors, breakers],
  },
];
