import { requiredCommands } from "mcp-orchestrator/permissions";
import type { Command, Deployment, Output } from "./runbook.ts";
import { CONTEXT, claimOf, withOutput } from "./runbook.ts";

/**
 * Commands that several runbooks share. They use what the preamble of the deployment defines (`../preambles.ts`): the
 * functions `prom`, `redis-cli` and `mcp-orchestrator`, ALERTMANAGER_URL, REDIS_USERNAME, LOG_FILE, NAMESPACE; and TYPE, LANE, QUEUE and
 * GROUP from the labels of the alert.
 */

/** Asks Prometheus; prints the value of each series, largest first, with its labels. */
export function query(id: string, why: string, promql: string, output: Output): Command {
  return { id, why, run: `prom '${promql}'`, ...output };
}

/** Runs a Redis command. */
export function redis(id: string, why: string, command: string, output: Output): Command {
  return { id, why, run: `redis-cli ${command}`, ...output };
}

/** Reads an endpoint of the service, filtered by jq. For what no command of the command line shows in a few lines. */
export function api(id: string, why: string, path: string, filter: string, output: Output): Command {
  return { id, why, run: `mcp-orchestrator request GET ${path} | jq -r '${filter}'`, ...output };
}

/** Changes something by the command line of the service. */
export function change(
  id: string,
  why: string,
  command: string,
  output: Output & { readonly undo?: Command },
): Command {
  return { id, why, run: `mcp-orchestrator ${command}`, changes: true, ...output };
}

/** Looks for lines of the service's log. */
export function logs(id: string, why: string, pattern: string, output: Output): Command {
  return { id, why, run: tailOf(`grep -E '${pattern}' | tail -20`), ...output };
}

/** The end of the service's log. */
export const logEnd: Command = {
  id: "log-end",
  context: true,
  why: "How does the log end?",
  run: tailOf("tail -20"),
};

function tailOf(filter: string): Readonly<Record<Deployment, string>> {
  return {
    compose: `docker compose logs --no-log-prefix --tail 5000 orchestrator | ${filter}`,
    supervisor: `tail -n 5000 /opt/mcp-orchestrator/logs/orchestrator.log | ${filter}`,
    native: `tail -n 5000 "$LOG_FILE" | ${filter}`,
    kubernetes: `kubectl -n "$NAMESPACE" logs -l app.kubernetes.io/name=mcp-orchestrator --tail 5000 --max-log-requests 20 | ${filter}`,
  };
}

export const redisPing = redis("redis-ping", "Does Redis answer?", "PING", {
  expected: "`PONG`",
  firing: { matches: "^PONG$", not: "Could not connect to Redis" },
});

export const redisLatency = redis(
  "redis-latency",
  "How fast does Redis answer (min, max, average in ms)?",
  "--raw --latency -i 1",
  {
    expected: "an average under 10, as in `0 1 0.24 96`. Above 50, Redis is the problem",
    healthy: { matches: "^\\d+ \\d+ \\d\\.\\d+ ", not: "0 212 48.31 20" },
  },
);

export const redisReach = query(
  "redis-reach",
  "Which replicas reach Redis over the network?",
  "min by (instance) (mcp_redis_up)",
  { expected: "`1 {...}` for each replica", healthy: { matches: "^1 ", not: "0 {}" } },
);

export const redisReplication = redis(
  "redis-replication",
  "Is this the master, with its replicas?",
  "INFO replication | grep -E '^(role|connected_slaves|master_link_status):'",
  { expected: "`role:master`", healthy: { matches: "^role:master", not: "role:slave\nmaster_link_status:down" } },
);

const REDIS_LOG_FILE =
  'tail -n 100 "$(redis-cli --raw CONFIG GET logfile | sed -n 2p | grep . || echo /var/log/redis/redis-server.log)"';

export const redisLog: Command = {
  id: "redis-log",
  context: true,
  why: "What does Redis' own log say?",
  run: {
    compose: "docker compose logs --no-log-prefix --tail 100 redis",
    supervisor: REDIS_LOG_FILE,
    native: REDIS_LOG_FILE,
    // Redis is not part of the manifests: where it names no file, its log is the output of its pod.
    kubernetes: "redis-cli --raw CONFIG GET logfile",
  },
};

export const consumerGroups = redis(
  "groups",
  "Does the queue have one group only? A second one never finishes its messages.",
  'XINFO GROUPS "$QUEUE"',
  {
    expected: "one group",
    firing: {
      matches: "(?<![\\s\\S])(?!(?:[\\s\\S]*^pending){2})[\\s\\S]*^pending",
      not: "name\nworkers\npending\n3\nname\nother\npending\n3",
    },
  },
);

export const laneLengths: Command = {
  id: "lane-lengths",
  why: "How many messages are in the express lane, then in the regular one?",
  run: 'redis-cli XLEN "mcp:queue:$TYPE:express"\nredis-cli XLEN "mcp:queue:$TYPE"',
  context: true,
};

export const redisMemory = redis(
  "redis-memory",
  "How full is Redis?",
  "INFO memory | grep -E '^(used_memory_human|maxmemory_human|maxmemory_policy):'",
  {
    expected:
      "`maxmemory_policy:noeviction`, less than 80 % used. Any other policy deletes tasks: call the owner of Redis at once",
    firing: { matches: "^maxmemory_policy:noeviction", not: "maxmemory_policy:allkeys-lru" },
  },
);

export const redisDenied = redis(
  "redis-denied",
  "Was the service (`username`) denied a command (`object`) in the last 300 seconds (`age-seconds`)?",
  "ACL LOG 10",
  CONTEXT,
);

export const redisSlowlog = redis("redis-slowlog", "Which commands were slow?", "SLOWLOG GET 10", CONTEXT);

/** What else makes Redis slow, and what helps. */
export const redisBusy = redis(
  "redis-busy",
  "Does Redis save its data (`1`)? Then wait. Otherwise look at its CPU: if one core is full, run fewer workers ([how](README.md#settings)).",
  "INFO persistence | grep -E '^(rdb_bgsave|aof_rewrite)_in_progress:'",
  {
    healthy: {
      matches: "^rdb_bgsave_in_progress:0\\s+aof_rewrite_in_progress:0",
      not: "rdb_bgsave_in_progress:1\naof_rewrite_in_progress:0",
    },
  },
);

export const workersStatus: Command = {
  id: "workers-status",
  why: "Do all workers of one replica run?",
  run: "mcp-orchestrator workers --by-type",
  expected: "`reasoning 2 of 2 -`. A paused type names its reason",
  healthy: {
    // Every line below the header, and at least one.
    matches: "(?<![\\s\\S])(?:type\\s+workers\\s+paused\\n)?(?:[\\w-]+\\s+([1-9]\\d*) of \\1\\s+-\\n?)+(?![\\s\\S])",
    not: "type\tworkers\tpaused\nml\t2 of 2\t-\nreasoning\t1 of 2\t-\n",
  },
};

/** For a page that does not itself fix what it shows. */
export const workersLeadOn: Command = withOutput(workersStatus, {
  ...claimOf(workersStatus),
  expected:
    "`reasoning 2 of 2 -`. None: [TypeWithoutWorkers](TypeWithoutWorkers.md). Fewer: [WorkersMissing](WorkersMissing.md). Paused: " +
    "[OldestTaskTooOld](OldestTaskTooOld.md)",
});

const PS = "ps aux | grep '[e]xpress_pool'";

export const workerProcesses: Command = {
  id: "worker-processes",
  why: "Do the worker processes exist?",
  run: {
    compose: "docker compose top orchestrator | grep express_pool",
    supervisor: PS,
    native: PS,
    // The image has no ps.
    kubernetes: `kubectl -n "$NAMESPACE" exec deployment/mcp-orchestrator -- sh -c "cat /proc/[0-9]*/cmdline | tr '\\0' '\\n' | grep '[e]xpress_pool:'"`,
  },
  expected: "one line per worker, such as `express_pool:reasoning:0`",
  firing: { matches: "express_pool:", not: "" },
};

/** Load, memory and disks of the machine that the service runs on; on Kubernetes, of its pods. */
export const hostResources: Command = {
  id: "host-resources",
  why: "Is the host short of CPU (load above its cores), memory or disk?",
  run: onTheHost("uptime; free -m; df -h", 'kubectl -n "$NAMESPACE" top pods'),
  context: true,
};

export const taskRates: Command = {
  id: "task-rates",
  context: true,
  why: "Is it more load, or less work? Tasks accepted, then completed, per second (an hour ago: `[1m] offset 1h`).",
  run: ["enqueued", "completed"].map((what) => `prom 'sum by (type) (rate(mcp_tasks_${what}_total[1m]))'`).join("\n"),
};

export const upstreamLatency = query(
  "upstream-latency",
  "How slow are the external APIs (p95, seconds)?",
  "histogram_quantile(0.95, sum by (upstream, le) (rate(mcp_upstream_request_duration_seconds_bucket[1m])))",
  CONTEXT,
);

/** p95 of express tasks by type, which the alert has above a limit. */
export const expressLatency = (limit: number): Command =>
  query(
    "express-p95",
    "Which types are slow (p95, seconds)?",
    'histogram_quantile(0.95, sum by (type, le) (rate(mcp_task_latency_seconds_bucket{lane="express"}[1m]))) > 0',
    { expected: `more than ${limit}`, firing: { numberAbove: limit } },
  );

/** The default of WORKER_CONCURRENCY; a test compares them. */
const SLOTS_PER_WORKER = 16;

export const tasksPerWorker = query(
  "tasks-per-worker",
  "How many unfinished tasks per worker?",
  "sum by (type) (max by (type, group) (mcp_consumer_group_lag)) / sum by (type) (mcp_active_workers)",
  {
    expected: `less than ${SLOTS_PER_WORKER}, the default. Above it, tasks wait`,
    healthy: { numberBelow: SLOTS_PER_WORKER },
  },
);

export const upstreamErrors = query(
  "upstream-errors",
  "Which calls to external APIs fail, per second? `denied`: key or quota; `rejected`: bad request.",
  'sum by (upstream, outcome) (rate(mcp_upstream_requests_total{outcome!="ok"}[1m])) > 0',
  CONTEXT,
);

const RESTART = {
  compose: "docker compose restart orchestrator",
  supervisor: "supervisorctl restart mcp-orchestrator",
  native: "systemctl restart mcp-orchestrator",
  kubernetes: 'kubectl -n "$NAMESPACE" rollout restart deployment/mcp-orchestrator',
} as const;

export const restart: Command = {
  id: "restart",
  context: true,
  why: "Restart the service. Running tasks finish or return to their queue.",
  run: RESTART,
  changes: true,
};

/** Ends after two minutes: a replica in a crash loop is never ready. */
const untilReady = (check: string, then: string) =>
  `for second in $(seq 120); do ${check} && echo ready && ${then}; sleep 1; done`;
const READY = untilReady(`mcp-orchestrator request GET /readyz | grep -qE '"ready": *true'`, "break");

export const rollingRestart: Command = {
  id: "rolling-restart",
  why: "Restart the replicas one by one, host after host. A single one means a short outage.",
  expected: "`ready`, for each replica. After two minutes without, it stops: see the log",
  firing: { matches: "^ready$|successfully rolled out", not: "" },
  run: {
    compose: [
      "for replica in $(docker compose ps -q orchestrator); do",
      '  docker restart "$replica"',
      `  ${untilReady(`docker inspect --format '{{.State.Health.Status}}' "$replica" | grep -qx healthy`, "continue 2")}`,
      "  break",
      "done",
    ].join("\n"),
    supervisor: `${RESTART.supervisor} && ${READY}`,
    native: `${RESTART.native} && ${READY}`,
    kubernetes: `${RESTART.kubernetes}\nkubectl -n "$NAMESPACE" rollout status deployment/mcp-orchestrator --timeout 2m`,
  },
  changes: true,
};

/** What the service manager knows: the service's own log may have nothing about a start that failed. */
export const serviceState: Command = {
  id: "service-state",
  context: true,
  why: "Does it run? How did it end? What did it print?",
  run: {
    compose: "docker compose ps --all orchestrator\ndocker compose logs --no-log-prefix --tail 100 orchestrator",
    supervisor: "supervisorctl status mcp-orchestrator\nsupervisorctl tail mcp-orchestrator",
    native: "systemctl status --no-pager mcp-orchestrator\njournalctl --no-pager --unit mcp-orchestrator --lines 100",
    kubernetes:
      'kubectl -n "$NAMESPACE" get pods -l app.kubernetes.io/name=mcp-orchestrator\n' +
      'kubectl -n "$NAMESPACE" logs deployment/mcp-orchestrator --previous --tail 100',
  },
};

const ALERTING_UNITS = "prometheus prometheus-alertmanager";
const ALERTING_PODS = "-l 'app.kubernetes.io/name in (prometheus, alertmanager)'";
const ALERTING_JOURNAL = `journalctl --no-pager --lines 50 ${ALERTING_UNITS.replaceAll(/\S+/g, "--unit $&")}`;

export const alertingLog: Command = {
  id: "alerting-log",
  context: true,
  why: "Do Prometheus and Alertmanager run? How do their logs end? Look for `notify` errors.",
  run: {
    compose: "docker compose ps --all prometheus alertmanager\ndocker compose logs --tail 50 prometheus alertmanager",
    supervisor: ALERTING_JOURNAL,
    native: ALERTING_JOURNAL,
    kubernetes: `kubectl get pods --all-namespaces ${ALERTING_PODS} --no-headers | while read -r namespace pod state; do echo "$pod $state"; kubectl -n "$namespace" logs "$pod" --all-containers --tail 50 </dev/null; done`,
  },
};

/** The units are named as in Debian's packages. */
export const startAlerting: Command = {
  id: "alerting-start",
  context: true,
  why: "Start it (on Kubernetes, see whether it is paused or scaled to zero).",
  run: {
    compose: "docker compose up -d prometheus alertmanager",
    supervisor: `systemctl start ${ALERTING_UNITS}`,
    native: `systemctl start ${ALERTING_UNITS}`,
    kubernetes: "kubectl get prometheuses,alertmanagers --all-namespaces",
  },
  changes: true,
};

const UNITS_RELOAD = `systemctl reload ${ALERTING_UNITS}`;

export const reloadAlerting: Command = {
  id: "alerting-reload",
  context: true,
  why: "Reload both (on Kubernetes, see whether the operator has).",
  run: {
    compose: 'curl -fsS -X POST "$PROMETHEUS_URL/-/reload"\ncurl -fsS -X POST "$ALERTMANAGER_URL/-/reload"',
    supervisor: UNITS_RELOAD,
    native: UNITS_RELOAD,
    kubernetes: "kubectl get prometheuses,alertmanagers --all-namespaces",
  },
  changes: true,
};

/** A container keeps the mounted file when another takes its place, as `git checkout` does. */
export const STALE_MOUNT = "If a container still reads the old file, restart it.";

/** The unit is named as in Debian's package. On Kubernetes, Redis is not part of the manifests. */
export const startRedis: Command = {
  id: "redis-start",
  context: true,
  why: "Start Redis (on Kubernetes, see its pod). While it answers `LOADING`, wait.",
  run: {
    compose: "docker compose up -d redis",
    supervisor: "systemctl start redis-server",
    native: "systemctl start redis-server",
    kubernetes: "kubectl get pods --all-namespaces | grep -i redis",
  },
  changes: true,
};

/** Leaves the replicas that work alone. */
export const startReplica: Command = {
  id: "start-replica",
  context: true,
  why: "Start it. Replicas that run are not touched; on Kubernetes, all restart one by one.",
  run: {
    compose: "docker compose start orchestrator",
    supervisor: "supervisorctl start mcp-orchestrator",
    native: "systemctl start mcp-orchestrator",
    kubernetes: RESTART.kubernetes,
  },
  changes: true,
};

/** Relative to what there is, and never to 0: an absolute number may stop workers in the middle of an incident. */
const scaleBy = (id: string, why: string, by: string): Command =>
  change(id, why, `scale "$TYPE" ${by}`, { firing: { matches: "^count\\s+[1-9]", not: "count\t0" } });

export const scaleUp: Command = {
  ...scaleBy(
    "scale-up",
    "Add two workers of the type to one replica, until it restarts, if the host has the memory. To keep them, set " +
      "`WORKERS_PER_TYPE` ([how](README.md#settings)).",
    "+2",
  ),
  undo: scaleBy("scale-back", "When the backlog is gone, remove them, unless the replica has restarted.", "-2"),
};

export const scaleEmergency: Command = {
  ...scaleBy(
    "scale-emergency",
    "In an emergency, run four times the workers of the type in one replica, until it restarts, if API and Redis are fast " +
      "and the host has the memory. Run this once: a second run multiplies again.",
    "x4",
  ),
  undo: scaleBy(
    "scale-emergency-back",
    "When the queue is short again, go back to a quarter, unless the replica has restarted.",
    "/4",
  ),
};

/** All that the service's Redis user needs. */
const RIGHTS = ["~mcp:*", ...requiredCommands({ waits: true }).map((command) => `+${command}`)];

/**
 * Gives the service's Redis user its rights, also after a restart of Redis. It grants what the service needs and not what
 * was denied last, which anything may have tried; and it takes nothing away from a user that is in use.
 */
export const grantRights: Command = {
  ...redis(
    "acl-grant",
    "Give the service's Redis user its permissions.",
    `ACL SETUSER "$REDIS_USERNAME" ${RIGHTS.map(quoted).join(" ")} && redis-cli ACL SAVE`,
    {
      expected: "`OK`, twice. If the second fails, a restart of Redis undoes this: call its owner",
      firing: { matches: "^OK$", not: "NOPERM this user has no permissions" },
    },
  ),
  changes: true,
};

function quoted(rule: string): string {
  return /[|*~]/.test(rule) ? `'${rule}'` : rule;
}

/** Both are undone by a restart of Redis. */
const maxmemoryTimes = (id: string, why: string, factor: string): Command => ({
  ...redis(id, why, `CONFIG SET maxmemory "$(($(redis-cli --raw CONFIG GET maxmemory | sed -n 2p) ${factor}))"`, {
    expected: "`OK`",
    firing: { matches: "^OK$", not: "NOPERM this user has no permissions" },
  }),
  changes: true,
});

export const raiseMaxmemory: Command = {
  ...maxmemoryTimes(
    "maxmemory-up",
    "Give Redis a quarter more memory until it restarts, only if its host and container have it: otherwise the kernel " +
      "kills Redis. Each run multiplies again.",
    "* 5 / 4",
  ),
  undo: maxmemoryTimes(
    "maxmemory-back",
    "When Redis uses less than 60 %, go back, unless it has restarted.",
    "* 4 / 5",
  ),
};

/** What the command line shows of a switch. */
export const SWITCH_ON = { matches: "^enabled\\s+yes$", not: "enabled\tno" } as const;
export const SWITCH_OFF = { matches: "^enabled\\s+no$", not: "enabled\tyes" } as const;

/** Removes the rate limit. */
export function rateLimitOff(why: string): Command {
  return change(
    "rate-limit-off",
    `${why} If \`RATE_LIMIT_PER_SECOND\` is set, run \`enable\` instead.`,
    "rate-limit disable",
    { firing: SWITCH_OFF },
  );
}

export const limitRate = change(
  "rate-limit",
  "Limit new tasks to 50 per second, or to less than the present rate. Above it, clients get 429.",
  "rate-limit enable --per-second 50",
  { firing: SWITCH_ON, undo: rateLimitOff("When the backlog is gone, remove the limit.") },
);

/** Nothing of ours can fix an external API. */
export const UPSTREAM_DOWN =
  "Check the provider's status page, the quota and key, and the network. Tasks wait; none is lost.";

export const retryUpstream = change(
  "dlq-retry",
  "When the API works again, retry all with reason `upstream` (of one type: `--type reasoning`).",
  "dlq retry-all --reason upstream",
  { expected: "`retried 12`", firing: { matches: "^retried\\s+\\d+", not: "" } },
);

export const discardInvalid = change(
  "dlq-discard",
  "Delete all with reason `validation` (of one type: `--type`). This cannot be undone.",
  "dlq discard-all --reason validation",
  { expected: "`discarded 3`", firing: { matches: "^discarded\\s+\\d+", not: "" } },
);

/** What the newest dead letters say. */
export const latestDeadLetters: Command = {
  id: "dlq-latest",
  why: "What do the last ones say?",
  run: "mcp-orchestrator dlq list --limit 10",
  expected: "`reasoning regular upstream ...`, for example",
  firing: { matches: "\\b(upstream|timeout|validation|poison|internal)\\b", not: "id\ttype\tlane\treason\terror" },
};

export const listInvalid: Command = {
  id: "dlq-invalid",
  why: "First list the invalid ones, at most 100.",
  run: "mcp-orchestrator dlq list --reason validation --limit 100",
  context: true,
};

/** What the last crashes say; `reason` is one that the alert has. */
export const crashLog = (reason: string): Command =>
  logs("crash-log", "What does the log say about the last crashes?", "Worker .* crashed", {
    expected: `\`Worker express_pool:ml:0 crashed (${reason}), restart in 100 ms\``,
    firing: { matches: "Worker .* crashed", not: "" },
  });

export const resume = change(
  "resume",
  "Ask who paused the type, and why. If it is not needed, resume.",
  'resume "$TYPE"',
  { firing: { matches: "^paused\\s+no$", not: "paused\tyes" } },
);

/** One text for every deployment on a host, another for pods. */
export function onTheHost(host: string, kubernetes: string): Readonly<Record<Deployment, string>> {
  return { compose: host, supervisor: host, native: host, kubernetes };
}
