import pc from "picocolors";
import type { CampaignResult } from "./campaign.ts";
import { describeFault, type FaultKind } from "./schedule.ts";

/** One line about a finished run. */
export function renderLine({ name, result, kept }: CampaignResult): string {
  const { violations, schedule, durationMs, drainedAfterMs, accepted } = result;
  const head = `${name.padEnd(12)} ${(durationMs / 1000).toFixed(0).padStart(3)} s  ${schedule.topology.padEnd(8)}`;
  const facts = `${schedule.faults.length} faults, ${accepted} tasks`;
  if (violations.length === 0) {
    return `${pc.green("passed")} ${head} ${facts}, drained after ${seconds(drainedAfterMs ?? 0)}`;
  }
  const lines = violations.map(({ kind, detail }) => `    ${pc.bold(kind)}: ${detail.slice(0, 600)}`);
  const faults = schedule.faults.map((fault) => `    ${describeFault(fault)}`);
  const shrunk = kept === undefined ? [] : [`  shrunk: ${kept}`];
  return [
    `${pc.red("FAILED")} ${head} ${facts}, logs: ${result.logs}`,
    "  faults:",
    ...faults,
    "  found:",
    ...lines,
    ...shrunk,
  ].join("\n");
}

/** Figures of a campaign, as JSON. */
export function summarize(results: readonly CampaignResult[]) {
  const drains = results.flatMap(({ result }) => result.drainedAfterMs ?? []).sort((a, b) => a - b);
  const faults: Partial<Record<FaultKind, number>> = {};
  for (const { result } of results) {
    for (const { kind } of result.schedule.faults) faults[kind] = (faults[kind] ?? 0) + 1;
  }
  const sum = (of: (result: CampaignResult["result"]) => number) =>
    results.reduce((total, { result }) => total + of(result), 0);
  return {
    schedules: results.length,
    failed: results.filter(({ result }) => result.violations.length > 0).map(({ name }) => name),
    tasksAccepted: sum(({ accepted }) => accepted),
    executions: sum(({ executions }) => executions),
    faultsInjected: sum(({ schedule, missedFaults }) => schedule.faults.length - missedFaults.length),
    faultsMissed: results.flatMap(({ name, result }) => result.missedFaults.map((missed) => `${name}: ${missed}`)),
    faults,
    drainMs: { median: quantile(drains, 0.5), p95: quantile(drains, 0.95), max: quantile(drains, 1) },
    runMs: { mean: Math.round(sum(({ durationMs }) => durationMs) / Math.max(1, results.length)) },
  };
}

/** The figures as text. */
export function renderSummary(summary: ReturnType<typeof summarize>): string {
  const { schedules, failed, tasksAccepted, executions, faultsInjected, faultsMissed, drainMs } = summary;
  return [
    `${schedules} schedules, ${failed.length} failed${failed.length === 0 ? "" : ` (${failed.join(", ")})`}`,
    `${tasksAccepted} tasks accepted, ${executions} executions, ${faultsInjected} faults injected, ${faultsMissed.length} not as planned`,
    `drained after ${seconds(drainMs.median)} (median), ${seconds(drainMs.p95)} (95 %), ${seconds(drainMs.max)} (longest)`,
  ].join("\n");
}

function quantile(sorted: readonly number[], share: number): number {
  return Math.round(sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
