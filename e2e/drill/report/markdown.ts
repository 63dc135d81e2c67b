import { RUNBOOK_EXCEPTIONS } from "../runbooks/exceptions.ts";
import type { DrillReport, EpisodeReport } from "./results.ts";
import { BUDGET_HEAD, BUDGET_NOTE, budgetCells, duration, pictureOf } from "./text.ts";

/** The report as Markdown. */
export function renderMarkdown(report: DrillReport): string {
  const { episodes, factor } = report;
  const faults = episodes.filter(({ kind }) => kind === "fault");
  const others = episodes.filter(({ kind }) => kind !== "fault");
  const passed = episodes.filter((episode) => episode.passed).length;
  return `${[
    factor === 1 ? "# Fire drill at production timing" : `# Fire drill at 1/${factor} of production timing`,
    "",
    `${passed} of ${episodes.length} episodes passed in ${duration(report.durationMs)}, ${report.jobs} stack(s) at a time, ` +
      `runtime ${report.runtime}, on ${report.machine}, ${report.startedAt}.`,
    "",
    factor === 1
      ? "The rules, the routing and every interval are exactly those that ship."
      : `Durations are divided by ${factor}; thresholds and everything else are those that ship.`,
    "",
    ...section(
      "Detection and recovery",
      ["fault", "alert", ...BUDGET_HEAD],
      faults.map((episode) => [mark(episode), episode.alert ?? "", ...budgetCells(episode)]),
      BUDGET_NOTE,
    ),
    ...section(
      "What each fault made fire, and who was notified",
      ["fault", "what was done", "picture", "tasks"],
      faults.map((episode) => [mark(episode), episode.title, pictureOf(episode), tasksOf(episode)]),
      "Any other alert that fires, any message to another receiver and any task without a result or a dead letter fails " +
        "the drill.",
    ),
    ...section(
      "Healthy baselines, which send no notification",
      ["baseline", "what was done", "picture", "tasks"],
      others.map((episode) => [mark(episode), episode.title, pictureOf(episode), tasksOf(episode)]),
    ),
    ...runbooks(episodes),
    ...failures(episodes),
    "## Versions",
    "",
    ...Object.entries(report.versions).map(([name, version]) => `- ${name} ${version}`),
  ].join("\n")}\n`;
}

function section(title: string, head: readonly string[], rows: readonly (readonly string[])[], note = ""): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [
    `## ${title}`,
    "",
    ...(note === "" ? [] : [note, ""]),
    line(head),
    `|${"---|".repeat(head.length)}`,
    ...rows.map(line),
    "",
  ];
}

function runbooks(episodes: readonly EpisodeReport[]): string[] {
  const runs = episodes.flatMap(({ commands }) => commands);
  if (runs.length === 0) return [];
  const distinct = new Set(runs.map(({ alert, id }) => `${alert} ${id}`)).size;
  return [
    "## Runbooks",
    "",
    `${distinct} commands of the runbooks were run as written, ${runs.length} times in all, and printed what the runbooks say.`,
    "Not run:",
    "",
    ...RUNBOOK_EXCEPTIONS.map(({ ids, reason }) => `- ${ids.map((id) => `\`${id}\``).join(", ")}: ${reason}`),
    "",
  ];
}

function failures(episodes: readonly EpisodeReport[]): string[] {
  const failed = episodes.filter(({ passed }) => !passed);
  if (failed.length === 0) return [];
  return ["## Failures", "", ...failed.flatMap((episode) => [`### ${episode.id}`, "", ...reasons(episode), ""])];
}

/** Why an episode failed, one reason a line. */
export function reasons({ error, findings, logs }: EpisodeReport): string[] {
  return [
    ...(error === undefined ? [] : [error]),
    ...findings.map(
      ({ code, subject, expected, observed }) => `- ${code}: ${subject}: expected ${expected}; observed ${observed}`,
    ),
    ...(logs === undefined ? [] : [`Logs: ${logs}`]),
  ];
}

function mark({ passed, id }: EpisodeReport): string {
  return `${passed ? "✓" : "✗"} ${id}`;
}

function tasksOf({ tasks }: EpisodeReport): string {
  if (tasks === undefined) return "-";
  const { submitted, completed, deadLettered, refused, lost } = tasks;
  return `${submitted}: ${completed} done, ${deadLettered} dead, ${refused} refused, ${lost} lost`;
}
