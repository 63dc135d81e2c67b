import type { Facts } from "../alert.ts";
import { logs, query, redisPing, restart, workersStatus } from "../commands.ts";
import type { Runbook } from "../runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `Worker processes have died more often than ${facts.threshold}, over ${facts.window} and for ${facts.for}: a crash loop.`,
  impact:
    "Tasks are interrupted and run again; those that take their worker down end in the dead letter queue as `poison`.",
  first: ["crash-reasons", "crash-log"],
  symptoms: [
    "`mcp_worker_crashes_total` rises, with the reason in its label.",
    "`mcp_active_workers` goes up and down.",
  ],
  diagnosis: [
    {
      text: "Why do they die? `signal`: killed from outside (the kernel's OOM killer too); `exit`: an exception; `oom`: over the service's own limit; `unresponsive`: hung.",
      commands: [
        query(
          "crash-reasons",
          "Crashes per second over the last minute, by type and reason.",
          "sum by (type, reason) (rate(mcp_worker_crashes_total[1m])) > 0",
          { firing: { numberAbove: 0 }, healthy: { nothing: true } },
        ),
        logs("crash-log", "The last crashes.", "Worker .* crashed", { firing: { matches: "Worker .* crashed" } }),
        logs("exceptions", "Errors before them, with their stack.", '"level":"(ERROR|FATAL)"'),
      ],
    },
    {
      text: "Is it memory?",
      commands: [
        query(
          "worker-memory",
          "Resident memory of the workers in bytes, by type.",
          "sum by (type) (mcp_workers_resident_memory_bytes)",
          {
            firing: { matches: "type" },
          },
        ),
        {
          id: "kernel-oom",
          why: "Did the kernel kill them? (needs root)",
          run: "dmesg | grep -i 'killed process' | tail -5",
        },
      ],
    },
    { text: "Can they reach Redis, and how many are left?", commands: [redisPing, workersStatus] },
  ],
  mitigation: [
    {
      cause: "Something outside kills them (`signal`)",
      fault: "kill-workers",
      steps: [
        {
          text: "Find who does: the kernel's OOM killer (above), a job that cleans up processes, a person. Workers are restarted by themselves, with a pause that grows to 5 s.",
          commands: [
            logs("killed-by", "The signal is in the log line.", "Worker .* crashed .signal", {
              firing: { matches: "crashed \\(signal\\)" },
            }),
          ],
        },
      ],
    },
    {
      cause: "A task takes its worker down",
      steps: [
        {
          text: "It ends in the dead letter queue as `poison` after five deaths of its worker, by itself. Then look at its payload there.",
        },
      ],
    },
    {
      cause: "A bad release (`exit`)",
      steps: [{ text: "Roll back. A restart alone does not help against an exception at start.", commands: [restart] }],
    },
    {
      cause: "A memory leak (`oom`)",
      steps: [
        {
          text: "The limit per worker (`WORKER_MEMORY_LIMIT_BYTES`) turns a leak into an orderly restart; raise it only if the memory is meant to be used.",
        },
      ],
    },
  ],
  escalation: "To the owners of the task handlers for `exit` and `oom`; to the platform team for `signal`.",
  prevention: ["Memory limits per worker.", "Handlers that respect their AbortSignal.", "A canary for new handlers."],
  corrections: [
    {
      was: "Six `pkill -9` in a minute as a test of this alert",
      now: "The fault drill kills more than one worker in two seconds, and goes on.",
      why: "Six crashes in a minute are 0.1 per second, a fifth of the threshold.",
    },
    {
      was: "`curl .../metrics | grep process_resident_memory_bytes`",
      now: "`mcp_workers_resident_memory_bytes`.",
      why: "process_resident_memory_bytes is the memory of the main process, which runs no task.",
    },
    {
      was: "`grep Traceback`",
      now: "Lines of level error and above.",
      why: "The service is written in TypeScript; a traceback is Python's.",
    },
  ],
  related: ["NoActiveWorkers", "TaskFailureRateHigh"],
});
