import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { FaultSizeError } from "@mcp-orchestrator/alerts";
import { chooseRuntime, NoRuntimeError } from "../stack/runtime/choose.ts";
import { watchForInterruption } from "../testkit/interruption.ts";
import { runSchedules, schedulesOf } from "./campaign/command.ts";
import { defaultJobs, machineText, runDrill } from "./drill.ts";
import { episodesFor, UnknownEpisodeError } from "./episodes/episodes.ts";
import { SCENARIOS } from "./episodes/scenarios.ts";
import { CAMPAIGN_MODES } from "./failureModes/matrix.ts";
import { profileOf } from "./judge/prediction.ts";
import { type DrillOptions, parseOptions } from "./options.ts";
import { keepRecording, RecordingError, record, requireShippedRules } from "./recordings/recording.ts";
import { measured } from "./recordings/replay.ts";
import { renderMarkdown } from "./report/markdown.ts";
import { type DrillReport, episodeReport } from "./report/results.ts";
import { renderTimelines } from "./report/svg.ts";
import { Progress, renderTables } from "./report/terminal.ts";
import { stackVersions } from "./versions.ts";

/** `npm run drill`. */

const EXIT = { passed: 0, failed: 1, usage: 2, interrupted: 130 } as const;

const interrupted = watchForInterruption();
interrupted.addEventListener("abort", () => {
  process.stderr.write("\nInterrupted: clearing up, and then the report. Once more ends it at once.\n");
});

process.exitCode = await main(parseOptions(process.argv.slice(2)));

async function main(options: DrillOptions): Promise<number> {
  const profile = profileOf(options.scale);
  try {
    if (options.random !== undefined || options.replay !== undefined || options.matrix) return await campaign(options);
    if (options.record) requireShippedRules();
    const episodes = episodesFor(profile, options.only);
    if (options.list) {
      for (const { id, title } of episodes) process.stdout.write(`${id.padEnd(20)} ${title}\n`);
      return EXIT.passed;
    }
    const runtime = await chooseRuntime(options.runtime);
    const jobs = Math.min(options.jobs ?? defaultJobs(options.scale), episodes.length);
    const startedAt = new Date();
    let results: Awaited<ReturnType<typeof runDrill>>;
    let versions: Record<string, string> = {};
    {
      using progress = new Progress(episodes, process.stdout);
      results = await runDrill(
        episodes,
        { runtime, jobs, signal: interrupted },
        {
          starting: (episode) => progress.starting(episode),
          phase: (episode, phase) => progress.phase(episode, phase),
          done: (result) => progress.done(result),
          after: async ({ stack, admin }, episode, { passed, observation }) => {
            if (Object.keys(versions).length === 0) versions = await stackVersions(stack, admin);
            const scenario = SCENARIOS.find(({ id }) => id === episode.id);
            if (options.record && passed && scenario !== undefined && observation !== undefined) {
              await keepRecording(
                await measured(await record(scenario.id, stack.prometheus, observation, episode.profile)),
              );
            }
          },
        },
      );
    }
    const report: DrillReport = {
      startedAt: startedAt.toISOString(),
      durationMs: Date.now() - startedAt.getTime(),
      factor: options.scale,
      runtime: runtime.name,
      jobs,
      machine: machineText(),
      versions,
      passed: results.length === episodes.length && results.every(({ passed }) => passed),
      episodes: results.map(episodeReport),
    };
    process.stdout.write(`${renderTables(report)}\n`);
    await write(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
    await write(options.markdown, renderMarkdown(report));
    await write(options.svg, renderTimelines(report));
    process.stdout.write(`Report: ${options.json}, ${options.markdown}, ${options.svg}\n`);
    if (interrupted.aborted) return EXIT.interrupted;
    return report.passed ? EXIT.passed : EXIT.failed;
  } catch (error) {
    const isUsage = [UnknownEpisodeError, FaultSizeError, RecordingError, NoRuntimeError].some(
      (kind) => error instanceof kind,
    );
    if (!(isUsage && error instanceof Error)) throw error;
    process.stderr.write(`${error.message}\n`);
    return EXIT.usage;
  }
}

async function campaign(options: DrillOptions): Promise<number> {
  const runtime = await chooseRuntime(options.runtime);
  const report = await runSchedules(schedulesOf(options, CAMPAIGN_MODES), options, {
    runtime,
    jobs: options.jobs ?? defaultJobs(options.scale),
    signal: interrupted,
  });
  await write(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
  if (interrupted.aborted) return EXIT.interrupted;
  return report.passed ? EXIT.passed : EXIT.failed;
}

async function write(file: string, content: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
}
