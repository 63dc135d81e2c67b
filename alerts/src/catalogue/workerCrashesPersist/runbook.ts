import type { Facts } from "../alert.ts";
import { crashLog, query, workersStatus } from "../runbooks/commands.ts";
import type { Runbook } from "../runbooks/runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `For ${facts.for}, a worker of one type has died at least once in every ${facts.window}: a slow crash loop, or a memory leak.`,
  impact:
    "Tasks are interrupted and run again: some clients wait longer. After five crashes, a task is a dead letter (`poison`).",
  first: [
    query(
      "crashes-by-reason",
      "Which type crashes, and why? Crashes in 15 minutes.",
      "sum by (type, reason) (increase(mcp_worker_crashes_total[15m])) > 0",
      { firing: { matches: "reason", not: "" }, healthy: { nothing: true } },
    ),
    crashLog("oom"),
  ],
  diagnosis: [
    {
      id: "worker-memory",
      why: "Does memory grow to `WORKER_MEMORY_LIMIT_BYTES`? Bytes per worker now, then half an hour ago.",
      run: ["", " offset 30m"]
        .map((ago) => `prom 'max by (type) (mcp_workers_resident_memory_bytes${ago} / (mcp_active_workers${ago} > 0))'`)
        .join("\n"),
      context: true,
    },
    workersStatus,
  ],
  mitigation: [
    {
      cause: "`oom`: a memory leak",
      steps: ["Find the handler that leaks. Raise `WORKER_MEMORY_LIMIT_BYTES` only if the tasks need it."],
    },
    {
      cause: "`signal`: something outside kills them",
      fault: "kill-workers-of-a-type",
      steps: ["Find what: the kernel, a clean-up job, a person."],
    },
    {
      cause: "`unresponsive`: a handler hangs",
      steps: ["It must respect its AbortSignal and not block the event loop."],
    },
    { cause: "A task ends as `poison`", steps: ["Find it by [WorkerCrashRateHigh](WorkerCrashRateHigh.md)."] },
    {
      cause: "`exit`: an exception",
      steps: ["Roll back ([how](README.md#settings)), or fix the handler of the type."],
    },
  ],
  escalation: "In working hours, call the owner of the type.",
  prevention: ["Watch the memory of new handlers under load."],
  corrections: [],
  related: ["WorkerCrashRateHigh", "TypeWithoutWorkers"],
});
