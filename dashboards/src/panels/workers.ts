import { thresholdOf } from "../model/catalogue.ts";
import type { Level, PanelSpec } from "../model/panel.ts";
import { evaluatedRule } from "../query/alertStates.ts";
import { gauge, increase, rate } from "../query/metrics.ts";
import { processGauge, processRate, whileAnswering } from "../query/process.ts";
import { signalOf } from "../query/signals.ts";
import { aggregate, constant, multiply, or, perMinute, share } from "../query/vector.ts";

// Each replica counts its own workers.
const expected = aggregate("sum", gauge("mcp_expected_workers"));
const activeByType = aggregate("sum", gauge("mcp_active_workers"), ["type"]);
const expectedByType = aggregate("sum", gauge("mcp_expected_workers"), ["type"]);

/** Red with none, orange with some missing. */
const STAFFING: readonly Level[] = [
  { from: null, color: "red" },
  { from: 0.001, color: "orange" },
  { from: 1, color: "green" },
];

/** The worst type. A replica without an answer counts as one without workers, but its expected number is unknown. */
const staffed = multiply(aggregate("min", share(activeByType, expectedByType)), aggregate("avg", processGauge("up")));

/** The worker processes and the main process that supervises them. */
export const workers = {
  activeNow: {
    key: "active-workers-now",
    kind: "stat",
    title: "Workers active",
    meaning:
      "Workers that are alive and consuming, as a share of those configured, of the worst type. A replica that does not answer counts as one without workers.",
    good: "100 %. Briefly less during a restart.",
    runbooks: ["NoActiveWorkers", "WorkerCrashRateHigh"],
    unit: "percentunit",
    min: 0,
    max: 1,
    now: or(whileAnswering(staffed), constant(0)),
    course: staffed,
    levels: STAFFING,
  },
  active: {
    key: "active-workers",
    kind: "timeseries",
    title: "Workers, active and expected",
    meaning: "Workers that are alive and consuming against those configured.",
    good: "Both lines are equal.",
    runbooks: ["NoActiveWorkers", "WorkerCrashRateHigh"],
    unit: "short",
    min: 0,
    decimals: 0,
    series: [
      { query: signalOf("NoActiveWorkers"), legend: "active" },
      { query: expected, legend: "expected" },
    ],
    colors: { active: "green", expected: "text" },
  },
  activeByType: {
    key: "active-workers-by-type",
    kind: "timeseries",
    title: "Active workers by type",
    meaning: "Workers that are alive and consuming, by type, where workers are expected or tasks wait.",
    good: "As many as configured for each type. A type at 0 does no work at all.",
    runbooks: ["TypeWithoutWorkers", "NoActiveWorkers"],
    unit: "short",
    min: 0,
    decimals: 0,
    series: [{ query: signalOf("TypeWithoutWorkers"), legend: "{{type}}" }],
  },
  shareByType: {
    key: "worker-share",
    kind: "timeseries",
    title: "Share of workers active",
    meaning: "Active workers of each type as a share of those expected; the line is the alert's threshold.",
    good: "100 %, except during a deploy.",
    runbooks: ["WorkersMissing"],
    unit: "percentunit",
    min: 0,
    max: 1,
    thresholds: [thresholdOf("WorkersMissing")],
    series: [{ query: signalOf("WorkersMissing"), legend: "{{type}}" }],
  },
  crashesByType: {
    key: "worker-crashes-by-type",
    kind: "timeseries",
    title: "Crashes by type",
    meaning:
      "Worker processes of each type that died in the last quarter of an hour; the line is the alert's threshold. Thin: in a minute, or a step of a wide range.",
    good: "Nothing. A type that stays at the line keeps crashing.",
    runbooks: ["WorkerCrashesPersist"],
    unit: "short",
    min: 0,
    thresholds: [thresholdOf("WorkerCrashesPersist")],
    series: [
      { query: signalOf("WorkerCrashesPersist"), legend: "{{type}}" },
      {
        query: perMinute(aggregate("sum", rate("mcp_worker_crashes_total"), ["type"])),
        legend: "{{type}}, short window",
        thin: true,
      },
    ],
  },
  unavailability: {
    key: "unavailability",
    kind: "timeseries",
    title: "Share of time down",
    meaning:
      "Share of the last half hour in which no worker consumed or the service did not answer; the line is the alert's threshold.",
    good: "0. A restart of a single replica leaves a small step for half an hour.",
    runbooks: ["ServiceUnstable"],
    unit: "percentunit",
    min: 0,
    max: 1,
    thresholds: [thresholdOf("ServiceUnstable")],
    // The rules record only time that was down.
    series: [{ query: or(signalOf("ServiceUnstable"), evaluatedRule("ServiceUnstable")), legend: "down" }],
    colors: { down: "red" },
  },
  crashes: {
    key: "worker-crashes",
    kind: "timeseries",
    title: "Worker crashes",
    meaning:
      "Worker processes that ended unexpectedly, per second, over all types, as the alert counts them; the line is its threshold. Thin: over a minute, or a step of a wide range.",
    good: "Nothing. A single crashed worker is restarted at once and needs no action.",
    runbooks: ["WorkerCrashRateHigh"],
    unit: "cps",
    min: 0,
    thresholds: [thresholdOf("WorkerCrashRateHigh")],
    series: [
      { query: signalOf("WorkerCrashRateHigh"), legend: "crashes" },
      { query: aggregate("sum", rate("mcp_worker_crashes_total")), legend: "crashes, short window", thin: true },
    ],
    colors: { crashes: "purple", "crashes, short window": "purple" },
  },
  crashesByReason: {
    key: "worker-crashes-by-reason",
    kind: "timeseries",
    title: "Crashes by type and reason",
    meaning: "Crashes in each step, by type and reason.",
    good: "Nothing. For oom, add memory or fix the leak; for exit, read the log; for unresponsive, look for a blocked event loop.",
    runbooks: ["WorkerCrashRateHigh"],
    unit: "short",
    min: 0,
    stacked: true,
    bars: true,
    series: [
      {
        query: aggregate("sum", increase("mcp_worker_crashes_total"), ["type", "reason"]),
        legend: "{{type}} {{reason}}",
      },
    ],
  },
  perWorker: {
    key: "completed-per-worker",
    kind: "timeseries",
    title: "Completed per worker",
    meaning: "Tasks completed per second by one active worker, by type.",
    good: "Similar for types with similar work. It falls when an upstream slows down.",
    runbooks: ["HighConsumerLag"],
    unit: "ops",
    min: 0,
    series: [
      {
        query: share(aggregate("sum", rate("mcp_tasks_completed_total"), ["type"]), activeByType),
        legend: "{{type}}",
      },
    ],
  },
  staffing: {
    key: "worker-table",
    kind: "table",
    title: "Workers now",
    meaning: "Active and expected workers of each type, with their memory.",
    good: "Active equals expected.",
    runbooks: ["NoActiveWorkers"],
    unit: "short",
    rows: [{ label: "type", title: "Type" }],
    columns: [
      { title: "Active", query: activeByType, unit: "short" },
      { title: "Expected", query: expectedByType, unit: "short" },
      {
        title: "Memory",
        query: aggregate("sum", gauge("mcp_workers_resident_memory_bytes"), ["type"]),
        unit: "bytes",
      },
    ],
  },
  memory: {
    key: "worker-memory",
    kind: "timeseries",
    title: "Memory of the workers",
    meaning: "Resident memory of the worker processes, summed by type.",
    good: "A plateau. A saw-tooth that ends in crashes indicates a leak.",
    runbooks: ["WorkerCrashRateHigh"],
    unit: "bytes",
    min: 0,
    series: [{ query: aggregate("sum", gauge("mcp_workers_resident_memory_bytes"), ["type"]), legend: "{{type}}" }],
  },
  mainMemory: {
    key: "main-memory",
    kind: "timeseries",
    title: "Memory of the main process",
    meaning: "Resident memory of each replica's main process.",
    good: "A plateau.",
    runbooks: ["WorkerCrashRateHigh"],
    unit: "bytes",
    min: 0,
    series: [
      { query: aggregate("max", processGauge("process_resident_memory_bytes"), ["instance"]), legend: "{{instance}}" },
    ],
  },
  eventLoop: {
    key: "event-loop-lag",
    kind: "timeseries",
    title: "Event loop lag",
    meaning: "How late a timer of each replica's main process is, at most: once a second, since the last scrape.",
    good: "A few milliseconds. More, and the API and the metrics are late.",
    runbooks: ["ExpressLatencyHigh"],
    unit: "s",
    min: 0,
    series: [
      {
        query: aggregate("max", processGauge("nodejs_eventloop_lag_p99_seconds"), ["instance"]),
        legend: "{{instance}}",
      },
    ],
  },
  cpu: {
    key: "main-cpu",
    kind: "timeseries",
    title: "CPU of the main process",
    meaning: "Cores in use by each replica's main process; it cannot use much more than one.",
    good: "Well under one core.",
    runbooks: ["ExpressLatencyHigh"],
    unit: "percentunit",
    min: 0,
    series: [
      { query: aggregate("sum", processRate("process_cpu_seconds_total"), ["instance"]), legend: "{{instance}}" },
    ],
  },
} satisfies Record<string, PanelSpec>;
