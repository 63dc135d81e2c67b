import type { Facts } from "../alert.ts";
import { crashLog, logs, onTheHost, query, redisPing, rollingRestart, workersStatus } from "../runbooks/commands.ts";
import type { Runbook } from "../runbooks/runbook.ts";
import { CONTEXT } from "../runbooks/runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `For ${facts.for}, worker processes have died more often than ${facts.threshold}: a crash loop.`,
  impact:
    "Tasks are interrupted and run again: clients wait longer. After five crashes, a task is a dead letter (`poison`).",
  first: [
    query(
      "crash-reasons",
      "Which types crash, and why? Crashes per second.",
      "sum by (type, reason) (rate(mcp_worker_crashes_total[1m])) > 0",
      { firing: { numberAbove: 0 }, healthy: { nothing: true } },
    ),
    crashLog("signal"),
    workersStatus,
  ],
  diagnosis: [
    logs("exceptions", "Which errors came before?", '"level":"(ERROR|FATAL)"', CONTEXT),
    query(
      "worker-memory",
      "Is it memory? Bytes per worker, up to `WORKER_MEMORY_LIMIT_BYTES`.",
      "max by (type) (mcp_workers_resident_memory_bytes / (mcp_active_workers > 0))",
      CONTEXT,
    ),
    {
      id: "kernel-oom",
      context: true,
      why: "Did the kernel kill them? Only root can see it.",
      run: onTheHost(
        "{ dmesg; journalctl --dmesg --no-pager; } 2>/dev/null | grep -iE 'killed process|out of memory' | tail -5",
        `kubectl -n "$NAMESPACE" describe pods -l app.kubernetes.io/name=mcp-orchestrator | grep -E 'OOMKilled|Restart Count'`,
      ),
    },
    redisPing,
  ],
  mitigation: [
    {
      cause: "`signal`: something outside kills them",
      fault: "kill-workers",
      steps: ["Find what: the kernel (the host is out of memory, see below), a clean-up job, a person."],
    },
    {
      cause: "`exit`: an exception, as in a bad release",
      steps: ["Roll back ([how](README.md#settings)). A restart does not help."],
    },
    {
      cause: "`oom`: a memory leak, or too little memory",
      steps: [
        "Find the handler that leaks. Raise `WORKER_MEMORY_LIMIT_BYTES` only if the tasks need it. If the host fills up:",
        rollingRestart,
      ],
    },
    {
      cause: "`unresponsive`: a handler hangs",
      steps: ["It must respect its AbortSignal and not block the event loop."],
    },
    {
      cause: "The host is out of memory, processes or disk",
      steps: [
        "Run fewer workers (`WORKERS_PER_TYPE`, [how](README.md#settings)), give the host more, or add a replica on another one.",
      ],
    },
    {
      cause: "A task takes down its workers (`poison`)",
      steps: [
        {
          id: "poison",
          why: "What is in it?",
          run: "mcp-orchestrator --json dlq list --reason poison --limit 3",
          context: true,
        },
        "Have its handler or its client fixed.",
      ],
    },
  ],
  escalation: "After 15 minutes, call the owner of the type; for `signal`, the platform team.",
  prevention: ["Try new handlers on one replica first."],
  corrections: [
    {
      was: "Six `pkill -9` in a minute as a test of this alert",
      now: "The fire drill keeps killing more than one worker in two seconds.",
      why: "Six in a minute are 0.1 per second, a fifth of the threshold.",
    },
    {
      was: "`curl .../metrics | grep process_resident_memory_bytes`",
      now: "`mcp_workers_resident_memory_bytes`.",
      why: "process_resident_memory_bytes is that of the main process, which runs no task.",
    },
    {
      was: "`grep Traceback`",
      now: "Lines of level error and above.",
      why: "Tracebacks are Python's; the service is TypeScript.",
    },
  ],
  related: ["NoActiveWorkers", "TaskFailureRateHigh"],
});
