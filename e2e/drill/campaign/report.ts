import pc from "picocolors";
import { duration } from "../report/text.ts";
import type { CampaignResult } from "./campaign.ts";
import { FINDINGS } from "./oracle/oracle.ts";
import type { ScheduleResult } from "./run.ts";
import { describeSchedule } from "./schedule.ts";

/** One line about a finished schedule, and more about one that failed. */
export function renderLine(result: ScheduleResult): string {
  const { name, schedule, passed, durationMs, hurts, notifications, findings, missedFaults, logs } = result;
  const head = `${name.padEnd(10)} ${duration(durationMs).padStart(7)}  ${schedule.shape.padEnd(7)}`;
  const seen = hurts.map(
    ({ kind, type, noticedBy, noticedAfterMinutes }) =>
      `${type} ${kind}: ${noticedBy === undefined ? "missed" : `${noticedBy} after ${noticedAfterMinutes} minutes`}`,
  );
  const facts = `${hurts.length} hurts, ${notifications} notifications`;
  const line = `${passed ? pc.green("passed") : pc.red("FAILED")} ${head} ${facts}`;
  if (passed) return line;
  return [
    line,
    `    ${describeSchedule(schedule)}`,
    ...findings.map(({ kind, detail }) => `    ${pc.bold(kind)}: ${detail.slice(0, 600)}`),
    ...seen.map((text) => `    ${text}`),
    ...missedFaults.map((missed) => `    not as planned: ${missed.slice(0, 300)}`),
    ...(logs === undefined ? [] : [`    logs: ${logs}`]),
  ].join("\n");
}

/** Figures of a campaign, as JSON. */
export function summarize({ results, kept }: CampaignResult) {
  const judged = results.filter(({ findings }) => findings[0]?.kind !== "notRun");
  const sum = (of: (result: ScheduleResult) => number) => judged.reduce((total, result) => total + of(result), 0);
  const hurts = judged.flatMap(({ hurts: all }) => all);
  const noticed = hurts.flatMap(({ noticedAfterMinutes }) => noticedAfterMinutes ?? []).sort((a, b) => a - b);
  const notifications = sum((result) => result.notifications);
  const wrong = sum((result) => result.falseNotifications);
  const faults = judged.flatMap(({ schedule }) => schedule.faults.map(({ fault }) => fault)).sort();
  const findings = judged.flatMap((result) => result.findings);
  return {
    schedules: judged.length,
    single: judged.filter(({ schedule }) => schedule.shape === "single").length,
    notRun: results.length - judged.length,
    failed: judged.filter(({ passed }) => !passed).map(({ name }) => name),
    findings: Object.fromEntries(FINDINGS.map((kind) => [kind, findings.filter((one) => one.kind === kind).length])),
    hurts: hurts.length,
    recall: share(noticed.length, hurts.length),
    noticedAfterMinutes: {
      median: quantile(noticed, 0.5),
      p95: quantile(noticed, 0.95),
      longest: quantile(noticed, 1),
    },
    notifications,
    precision: share(notifications - wrong, notifications),
    tasks: sum(({ tasks }) => tasks),
    faults: Object.fromEntries(
      Object.entries(Object.groupBy(faults, (fault) => fault)).map(([f, all]) => [f, all?.length]),
    ),
    faultsMissed: judged.flatMap(({ name, missedFaults }) => missedFaults.map((missed) => `${name}: ${missed}`)),
    kept,
  };
}

export type CampaignSummary = ReturnType<typeof summarize>;

/** The figures as text. */
export function renderSummary(summary: CampaignSummary): string {
  const { schedules, single, failed, hurts, recall, noticedAfterMinutes: after, notifications, precision } = summary;
  const found = Object.entries(summary.findings).filter(([, count]) => count > 0);
  return [
    `${schedules} schedules (${single} with a single fault), ${failed.length} failed${failed.length === 0 ? "" : `: ${failed.join(", ")}`}`,
    `${hurts} hurts over their budget, recall ${percent(recall)}; noticed after ${after.median} minutes (median), ${after.p95} (95 %), ${after.longest} (longest)`,
    `${notifications} notifications, precision ${percent(precision)}; ${summary.tasks} tasks`,
    ...(found.length === 0 ? [] : [`found: ${found.map(([kind, count]) => `${count} ${kind}`).join(", ")}`]),
    ...(summary.notRun === 0 ? [] : [`${summary.notRun} were not judged`]),
    ...Object.entries(summary.kept).map(([name, file]) => `${name}: shrunk to ${file}`),
  ].join("\n");
}

function share(part: number, whole: number): number {
  return whole === 0 ? 1 : part / whole;
}

function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(1)} %`;
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
}
