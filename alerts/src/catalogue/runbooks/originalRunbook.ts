import type { AlertName } from "../definitions.ts";

/** Where an item of the original runbook is now. Without an alert: in the runbook of the item's own alert. */
export type Place =
  | { readonly kind: "command"; readonly id: string; readonly alert?: AlertName }
  /** What a section of the rendered runbook says; the head is the section "". */
  | { readonly kind: "section"; readonly name: string; readonly says: RegExp; readonly alert?: AlertName }
  /** Changed, for the reason that the correction gives; named by how its `was` begins. */
  | { readonly kind: "correction"; readonly was: string }
  | { readonly kind: "page"; readonly path: string; readonly says: RegExp };

/** An instruction or a statement of the original runbook. */
export type Item = {
  readonly item: string;
  readonly at: readonly Place[];
  /** Why it is not there as it was written, where no correction says so. */
  readonly why?: string;
};

export type Chapter = { readonly title: string; readonly alert?: AlertName; readonly items: readonly Item[] };

const command = (id: string, alert?: AlertName): Place => ({ kind: "command", id, ...(alert && { alert }) });
const head = (says: RegExp, alert?: AlertName): Place => ({
  kind: "section",
  name: "",
  says,
  ...(alert && { alert }),
});
const first = (says: RegExp): Place => ({ kind: "section", name: "Do this first", says });
const investigate = (says: RegExp): Place => ({ kind: "section", name: "Investigate", says });
const fix = (says: RegExp, alert?: AlertName): Place => ({
  kind: "section",
  name: "Fix",
  says,
  ...(alert && { alert }),
});
const escalation = (says: RegExp): Place => ({ kind: "section", name: "Escalate", says });
const prevention = (says: RegExp): Place => ({ kind: "section", name: "Prevent", says });
const correction = (was: string): Place => ({ kind: "correction", was });
const page = (path: string, says: RegExp): Place => ({ kind: "page", path, says });

const SETTINGS = "docs/reference/configuration.md";
const SCALING = "docs/guides/scaling.md";
const ALERTMANAGER = "alertmanager/generated/alertmanager.accounts.yml";

const item = (text: string, ...at: Place[]): Item => ({ item: text, at });
const changed = (text: string, why: string, ...at: Place[]): Item => ({ item: text, at, why });

/** The service calls the APIs all the time: its metrics say more than one request by hand. */
const MEASURED = "The service's own requests say it, from where it runs and with its account.";
/** Many networks drop ICMP, and the images have no such tools. */
const REACHED = "Pings are often dropped on the way; what the replicas themselves reach is measured.";
const RELATIVE =
  "An absolute number may stop workers in the middle of an incident; the command counts from what there is.";

/** Every item of the original runbook, in its order. */
export const ORIGINAL_RUNBOOK: readonly Chapter[] = [
  {
    title: "HighACKFailureRate",
    alert: "HighACKFailureRate",
    items: [
      item("Critical: failure rate above 1 % for 5 minutes", head(/critical[\s\S]*1 %/)),
      changed("Impact: processed several times, or lost", "", correction("Impact: tasks may be lost")),
      item("Symptom: `mcp_ack_failures_total` increases", investigate(/mcp_ack_failures_total/)),
      item("Symptom: tasks stuck in XPENDING", command("pending")),
      changed(
        "Symptom: duplicate processing",
        "The stored result is looked at before a task would run again.",
        head(/result/),
      ),
      changed(
        "Symptom: the DLQ fills with ACK failures",
        "A failed acknowledgement makes no dead letter: the message stays pending.",
        correction("Impact: tasks may be lost"),
      ),
      item("`redis-cli PING`", command("redis-ping")),
      item("`redis-cli INFO replication`", command("redis-replication")),
      item("`grep` for `ACK.*failed` and `RobustRedisACKHandler`", command("ack-log")),
      item("`XPENDING` of each express queue", command("pending")),
      item("`XINFO GROUPS`: duplicate or orphaned consumers", command("groups"), command("consumers")),
      item("Transient: watch for 5 minutes, orphan recovery", fix(/five minutes[\s\S]*[Oo]rphan recovery/)),
      item("Restart to reset connections", command("rolling-restart")),
      changed("`ping redis-host`", REACHED, command("redis-reach"), command("redis-latency")),
      item("`tail -100 /var/log/redis/redis.log`", command("redis-log")),
      changed("`redis-cli --latency-history`, under 10 ms", "It prints once and ends.", command("redis-latency")),
      item("Over 50 ms: a larger Redis", page(SCALING, /## Redis/)),
      item("Over 50 ms: fewer workers for a while", fix(/[Ff]ewer workers/)),
      changed("Over 50 ms: read replicas", "", correction("Adding Redis read replicas")),
      item("`XINFO CONSUMERS`", command("consumers")),
      changed("`XGROUP DELCONSUMER` of stale consumers", "", correction("`XGROUP DELCONSUMER`")),
      item("Prevention: monitor Redis", prevention(/RedisMemoryHigh/)),
      changed(
        "Prevention: timeout of 5 s, keep-alive",
        "Keep-alive is always on.",
        page(SETTINGS, /REDIS_CONNECT_TIMEOUT_MS` \| `5000/),
      ),
      item("Prevention: three attempts of RobustRedisACKHandler", head(/all three attempts/), command("ack-log")),
      item("Prevention: orphan recovery every 30 s", page(SETTINGS, /ORPHAN_RECOVERY_INTERVAL_MS` \| `30000/)),
    ],
  },
  {
    title: "ACKSuccessRateDegradation",
    alert: "ACKSuccessRateDegradation",
    items: [
      item("Warning: success rate below 99 % for 10 minutes", head(/warning[\s\S]*10m[\s\S]*99 %/)),
      changed(
        "Impact: reprocessing, more resources",
        "Retries save the messages; orphan recovery looks at the stored result first.",
        head(/slower results/),
      ),
      changed(
        "`curl /metrics | grep mcp_ack_success_rate`",
        "Prometheus has it of every replica.",
        command("ack-success"),
      ),
      item("`grep` for timeouts and connections of Redis", command("ack-log")),
      item("`grep` for claimed orphans", command("orphans")),
      item("Watch for 15 minutes", fix(/15 minutes/)),
      item("Latency of Redis", command("redis-latency")),
      item("Network stability", fix(/network/)),
      item("Restart the workers", command("rolling-restart", "HighACKFailureRate")),
      item("Prevention: orphan recovery", page(SETTINGS, /ORPHAN_RECOVERY_INTERVAL_MS/)),
      item("Prevention: health of the connections, retry timers", prevention(/Redis/), page(SETTINGS, /ACK_/)),
    ],
  },
  {
    title: "HighConsumerLag",
    alert: "HighConsumerLag",
    items: [
      item("Warning: more than 100 pending for 10 minutes", head(/warning[\s\S]*100 messages/)),
      item("Impact: latency, service levels", head(/wait|longer/)),
      item("Symptom: tasks queue faster than they are processed", command("task-rates")),
      item("Symptom: `mcp_consumer_group_lag` increases", command("lag-trend")),
      item("Symptom: latency for users", head(/wait longer/)),
      item("Status of the workers", command("workers-status")),
      changed(
        "Rate of completed tasks by `grep`",
        "",
        correction("`curl .../metrics | grep rate.*mcp_tasks_completed_total`"),
      ),
      changed(
        "Latency of tasks by `grep`",
        "A quantile is computed by Prometheus.",
        command("express-p95", "ExpressLatencyHigh"),
      ),
      item("`grep` for slow tasks", command("slow-tasks")),
      item("Load spike: watch for 15 minutes", fix(/15 minutes/)),
      changed("`WORKERS_PER_TYPE=4` and a restart", "", correction("A restart to change"), command("scale-up")),
      item("Latency of external APIs", command("upstream-latency")),
      changed("`ping api.perplexity.ai`", MEASURED, command("upstream-errors")),
      item("Stuck tasks: idle for more than 60 s", command("stuck")),
      changed("`XCLAIM` of stuck tasks", "", correction("`XCLAIM` of stuck messages")),
      item("`XLEN` of both lanes", command("lane-lengths")),
      item("Priority of tasks, routing from 12", fix(/priority 12/i)),
      item("Prevention: autoscaling by depth", prevention(/AUTOSCALE/)),
      item("Prevention: routing by priority", fix(/priority 12/)),
      item("Prevention: health of external APIs", command("upstream-latency")),
      item("Prevention: timeouts of tasks", prevention(/[Tt]imeouts/)),
    ],
  },
  {
    title: "QueueDepthSpike",
    alert: "QueueDepthSpike",
    items: [
      item("Critical: depth above 500 for 5 minutes", head(/critical[\s\S]*500 messages/)),
      item("Impact: memory, service levels", head(/memory/)),
      changed(
        "Impact: messages may be lost",
        "With `noeviction` a full Redis refuses new tasks and keeps the others.",
        head(/safe/),
      ),
      item("Symptom: memory of Redis rises", command("redis-memory")),
      item("Symptom: latency, workers cannot keep up", head(/wait longer/), command("task-rates")),
      item("Memory and policy of Redis first, critical above 80 %", command("redis-memory"), first(/INFO memory/)),
      changed(
        "Rate of incoming tasks by `grep`",
        "",
        correction("`curl .../metrics | grep rate.*mcp_tasks_enqueued_total`"),
      ),
      item("Rate of completed tasks", command("task-rates")),
      changed("`XLEN` of each queue", "One query has them all, deepest first.", command("depths")),
      changed(
        "Emergency: `WORKERS_PER_TYPE=8` and a restart",
        RELATIVE,
        correction("`export WORKERS_PER_TYPE=8`"),
        command("scale-emergency"),
      ),
      item("Enable the rate limit", command("rate-limit"), command("rate-limit-off")),
      item("Contact the on-call engineer at once", escalation(/at once if Redis is above 80 %/)),
      item("Rate of submissions over the last hour", investigate(/offset 1h/)),
      item("Spike or sustained, a batch job?", fix(/expected batch/)),
      item(
        "Are the workers at work, `ps aux | grep express_pool`",
        command("workers-status"),
        command("worker-processes", "NoActiveWorkers"),
      ),
      changed(
        "`grep` for stuck workers",
        "A worker that hangs is killed and counted as `unresponsive`.",
        command("crash-reasons", "WorkerCrashRateHigh"),
      ),
      changed("Scale up to 4", RELATIVE, command("scale-up", "HighConsumerLag")),
      item("Bypass the express lane", command("bypass"), command("bypass-off")),
      changed("Prevention: `allkeys-lru`", "", correction("`maxmemory-policy allkeys-lru`")),
      item("Prevention: alert on memory at 70 %", head(/70 %/, "RedisMemoryHigh")),
      item("Prevention: alerts on depth", head(/HighConsumerLag fires earlier/)),
      item("Prevention: limit the rate of submissions", prevention(/RATE_LIMIT_PER_SECOND/)),
      item("Prevention: autoscaling", prevention(/AUTOSCALE/)),
    ],
  },
  {
    title: "ExpressLatencyHigh",
    alert: "ExpressLatencyHigh",
    items: [
      item("Warning: p95 above 100 ms for 5 minutes", head(/warning[\s\S]*100 ms/)),
      item("Impact: latency for users", head(/wait/)),
      changed("Latency by `grep`", "A quantile is computed by Prometheus.", command("express-p95")),
      changed("`top`, `free -h`, `iostat`", "They print once and end.", command("host-resources")),
      item("`redis-cli --latency`, under 10 ms", command("redis-latency")),
      changed("`curl -w @curl-format.txt`", "", correction("`curl -w @curl-format.txt"), command("upstream-latency")),
      item("Short of resources: scale up, or fewer workers", fix(/more CPU[\s\S]*fewer workers/)),
      item("Redis slow: its CPU and memory", fix(/look at its CPU/)),
      changed("Redis slow: read replicas", "", correction("Redis read replicas when Redis is slow")),
      item("`SLOWLOG GET 10`", command("redis-slowlog")),
      item("External API: status, quotas, rate limits", fix(/status page, the quota/), command("upstream-errors")),
      changed(
        "External API: cache answers",
        "The service caches answers and gives them while a breaker is open.",
        page(SETTINGS, /CACHE/),
      ),
      changed("`ping`, DNS, `mtr` to the API", MEASURED, fix(/packet loss[\s\S]*DNS/)),
      item("Prevention: health of external APIs, timeouts", prevention(/external APIs/)),
      item("Prevention: cache frequent calls", page(SETTINGS, /UPSTREAM_CACHE_MAX_AGE_MS/)),
      item("Prevention: circuit breakers", command("workers-status"), page(SETTINGS, /UPSTREAM_BREAKER/)),
    ],
  },
  {
    title: "ExpressLatencyCritical",
    alert: "ExpressLatencyCritical",
    items: [
      item("Critical: p95 above 500 ms for 5 minutes", head(/critical[\s\S]*500 ms/)),
      item("Impact: severe", head(/outage/)),
      changed("`curl -I` of both APIs", MEASURED, command("upstream-errors"), command("workers-status")),
      changed("`redis-cli --latency-history`, above 100 ms", "It prints once and ends.", command("redis-latency")),
      changed("`top`, `free -h`, `df -h`", "They print once and end.", command("host-resources")),
      changed("Enable degraded mode, return cached answers", "", correction('"Enable fallback mode" by hand')),
      item("Notify users", fix(/inform the users/)),
      item("Overload: shed load", command("rate-limit"), command("rate-limit-off")),
      item("Overload: scale up", fix(/more CPU/, "ExpressLatencyHigh"), command("scale-up", "HighConsumerLag")),
      item("Details as for ExpressLatencyHigh", fix(/ExpressLatencyHigh/)),
      item("To the on-call engineer after 10 minutes", escalation(/10 minutes/)),
    ],
  },
  {
    title: "WorkerCrashRateHigh",
    alert: "WorkerCrashRateHigh",
    items: [
      item("Critical: more than 0.5 crashes a second for 10 minutes", head(/critical[\s\S]*0\.5\/s/)),
      item("Impact: instability, failures", head(/interrupted|dead letter/)),
      item("`grep` for crashes", command("crash-log"), command("crash-reasons")),
      changed(
        "`process_resident_memory_bytes`",
        "",
        correction("`curl .../metrics | grep process_resident_memory_bytes`"),
      ),
      item("`dmesg` and `journalctl` for the OOM killer", command("kernel-oom")),
      changed("`grep` for tracebacks", "", correction("`grep Traceback`"), command("exceptions")),
      item("Leak: rolling restart of the workers", command("rolling-restart")),
      item("Leak: memory limits", fix(/WORKER_MEMORY_LIMIT_BYTES/)),
      changed(
        "Leak: review the code",
        "The owners of the handlers do, with the crash log.",
        escalation(/owner of the type/),
      ),
      changed("Exceptions: review, hotfix", "A release that crashes is rolled back first.", fix(/[Rr]oll back/)),
      item("Redis: see HighACKFailureRate", command("redis-ping"), command("redis-reach", "HighACKFailureRate")),
      changed("Exhaustion: scale up the host, fewer workers", "", fix(/host is out of/), page(SCALING, /## Replicas/)),
      item(
        "Prevention: exception handling, profiling",
        prevention(/one replica first/),
        page("docs/guides/handlers.md", /signal/),
      ),
      item("Prevention: limits for each worker, restart", page(SETTINGS, /WORKER_MEMORY_LIMIT_BYTES/)),
    ],
  },
  {
    title: "NoActiveWorkers",
    alert: "NoActiveWorkers",
    items: [
      item("Critical, pages: none active for 2 minutes", head(/critical, pages\*\*[\s\S]*2m/)),
      item("Impact: complete outage", head(/complete outage/i)),
      item("Restart at once", first(/restart/)),
      item("`ps aux` of pool and orchestrator", command("worker-processes")),
      item("The log, `supervisorctl tail`", command("log-end"), command("service-state")),
      item("`redis-cli PING`", command("redis-ping")),
      item("To the on-call engineer after 5 minutes", escalation(/5 minutes/)),
      item("Does not start: Redis", command("readiness")),
      item("Does not start: configuration", command("log-end")),
      item("Does not start: resources", fix(/memory or processes/)),
      item("Does not start: permissions", fix(/secret or log folder/), fix(/redis permissions/)),
      item("Prevention: supervisor, restart", prevention(/systemd and supervisor/)),
      item("Prevention: health checks, validation at start", prevention(/readyz/)),
    ],
  },
  {
    title: "TaskFailureRateHigh",
    alert: "TaskFailureRateHigh",
    items: [
      item("Warning: more than 5 % for 10 minutes", head(/warning[\s\S]*5 %/)),
      item("Impact: throughput, the DLQ fills", head(/dead letter queue/)),
      item("`XLEN` of the DLQ", command("dlq-length")),
      changed(
        "`XRANGE` of the DLQ",
        "The API shows reason and error of each, without its payload.",
        command("dlq-latest"),
      ),
      changed(
        "`curl -I` of both APIs",
        "",
        correction("`curl -I https://api.perplexity.ai`"),
        command("upstream-errors"),
      ),
      item("`grep` for failed tasks", command("failed-log")),
      item("`grep` for invalid payloads", command("invalid-payloads")),
      changed(
        "External API: wait, degraded answers",
        "While an API is down, tasks wait and do not fail; cached answers are given by themselves.",
        fix(/tasks wait and do not fail/),
      ),
      item("Retry from the DLQ", command("dlq-retry")),
      item("Payloads: fix the submitter, validate", fix(/client fixed/), prevention(/schema/)),
      item("Timeouts: raise, optimize, scale", fix(/TASK_OVERRIDES/)),
      item("Network: DNS, firewall, endpoints", command("upstream-errors"), fix(/DNS/, "ExpressLatencyHigh")),
      item(
        "Prevention: breakers, retries with backoff",
        page(SETTINGS, /RETRY_BASE_MS/),
        page(SETTINGS, /UPSTREAM_BREAKER/),
      ),
      item("Prevention: monitor the DLQ", head(/dead letter queue/i, "DeadLetterQueueGrowing")),
    ],
  },
  {
    title: "Testing, configuration, contacts",
    items: [
      item(
        "Table of contents",
        page("alerts/generated/runbooks/README.md", /\[HighACKFailureRate\][\s\S]*\[TaskFailureRateHigh\]/),
      ),
      changed("100 made-up `XACK`", "", correction("`redis-cli XACK` of made-up ids")),
      changed("600 `XADD`", "", correction("600 XADDs as a test")),
      changed("Six `pkill -9`", "", correction("Six `pkill -9`")),
      item("`supervisorctl stop`, then start", page("README.md", /the service is stopped/)),
      item(
        "`scripts/test_alerts.sh`",
        page("scripts/test_alerts.sh", /npm run --silent drill/),
        correction("Manual tests of four alerts"),
      ),
      item(
        "`resolve_timeout`, group and repeat intervals",
        page(ALERTMANAGER, /resolve_timeout: 5m[\s\S]*group_wait: 30s[\s\S]*repeat_interval: 4h/),
      ),
      item("`group_by` alert and severity", page(ALERTMANAGER, /group_by:\s+- alertname\s+- severity/)),
      item(
        "Routes: pages, then critical, then warnings",
        page(ALERTMANAGER, /page="true"[\s\S]*receiver: slack-critical[\s\S]*receiver: slack-warnings/),
      ),
      item(
        "Channels `#team-platform`, `#alerts-critical`, `#alerts-warning`",
        page("docs/reference/bundle.md", /#team-platform[\s\S]*#alerts-critical[\s\S]*#alerts-warning/),
      ),
      changed(
        "Titles `CRITICAL: ...` and `WARNING: ...`",
        "A title begins with `[FIRING]` or `[RESOLVED]`; channel and colour say the severity.",
        page("alertmanager/templates/slack.tmpl", /mcp\.slack\.title/),
      ),
      changed("`match:` in routes", "", correction("`match:` in the routes")),
      changed("`continue: true` after slack-critical", "", correction("`continue: true` on the route of critical")),
      item(
        "Receivers team-platform, slack-critical, slack-warnings, pagerduty",
        page(
          ALERTMANAGER,
          /name: team-platform[\s\S]*name: slack-critical[\s\S]*name: slack-warnings[\s\S]*name: pagerduty/,
        ),
      ),
      changed("`service_key` of PagerDuty", "", correction("`service_key` of PagerDuty")),
      item(
        "PagerDuty's description: alert and summary",
        page(
          "alertmanager/templates/pagerduty.tmpl",
          /"mcp\.pagerduty\.description"[\s\S]*alertname[\s\S]*"mcp\.summary"/,
        ),
      ),
      changed("Texts of summaries in a row", "", correction("`text: '{{ range")),
      item("Links: Grafana, Prometheus, metrics, health", page("docs/reference/bundle.md", /`links\.service`/)),
      item("Contacts: on-call, team, critical channel", page("docs/reference/bundle.md", /`emergencyContacts`/)),
      changed(
        "Version, date, next review of the document",
        "Generated with the rules, and changed with them.",
        page("CHANGELOG.md", /## \[/),
      ),
    ],
  },
];
