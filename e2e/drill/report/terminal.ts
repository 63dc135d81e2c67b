import Table from "cli-table3";
import { createLogUpdate } from "log-update";
import pc from "picocolors";
import type { EpisodeResult } from "../episodeRun.ts";
import type { Episode } from "../episodes/episode.ts";
import type { Phase } from "../judge/timeline.ts";
import { reasons } from "./markdown.ts";
import type { DrillReport } from "./results.ts";
import { budgetCells, duration, pictureOf } from "./text.ts";

type State = { readonly text: string; readonly sinceMs: number; readonly done?: true };

const REFRESH_MS = 250;

/** Live progress of a drill: a table that is drawn anew on a terminal, a line for every step elsewhere. */
export class Progress implements Disposable {
  readonly #episodes: readonly Episode[];
  readonly #states = new Map<string, State>();
  readonly #startedAtMs = Date.now();
  readonly #output: NodeJS.WriteStream;
  readonly #draw: ReturnType<typeof createLogUpdate> | undefined;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(episodes: readonly Episode[], output: NodeJS.WriteStream) {
    this.#episodes = episodes;
    this.#output = output;
    if (!output.isTTY) return;
    this.#draw = createLogUpdate(output);
    this.#timer = setInterval(() => this.#redraw(), REFRESH_MS);
  }

  starting(episode: Episode): void {
    this.#set(episode.id, { text: "starting its stack", sinceMs: Date.now() });
  }

  phase(episode: Episode, phase: Phase): void {
    this.#set(episode.id, { text: phase, sinceMs: Date.now() });
  }

  done({ id, passed, durationMs, findings, error }: EpisodeResult): void {
    const reason = error?.split("\n")[0] ?? findings[0]?.code ?? "";
    const text = passed ? pc.green(`passed in ${duration(durationMs)}`) : pc.red(`failed: ${reason}`);
    this.#set(id, { text, sinceMs: Date.now(), done: true });
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#redraw();
    this.#draw?.done();
  }

  #set(id: string, state: State): void {
    this.#states.set(id, state);
    if (this.#draw !== undefined) return;
    const at = ((Date.now() - this.#startedAtMs) / 1000).toFixed(1).padStart(6);
    this.#output.write(`${at} s  ${id.padEnd(18)} ${state.text}\n`);
  }

  #redraw(): void {
    const lines = this.#episodes.map(({ id }) => {
      const state = this.#states.get(id);
      if (state === undefined) return pc.dim(`  ${id.padEnd(18)} waits`);
      const since = state.done ? "" : pc.dim(` for ${((Date.now() - state.sinceMs) / 1000).toFixed(1)} s`);
      return `  ${id.padEnd(18)} ${state.text}${since}`;
    });
    this.#draw?.([`Fire drill, ${duration(Date.now() - this.#startedAtMs)}`, ...lines].join("\n"));
  }
}

/** The report as tables for a terminal. */
export function renderTables(report: DrillReport): string {
  const faults = report.episodes.filter(({ kind }) => kind === "fault");
  const others = report.episodes.filter(({ kind }) => kind !== "fault");
  const mark = (passed: boolean) => (passed ? pc.green("✓") : pc.red("✗"));
  const parts: string[] = [];
  if (faults.length > 0) {
    const head = ["", "fault", "alert", "pending", "firing", "notified", "resolved", "fired -> notified"];
    const table = new Table({ head, style: { head: [], compact: true }, wordWrap: true, colWidths: [3, null, null, null, null, null, null, 60] });
    for (const episode of faults) {
      table.push([mark(episode.passed), episode.id, episode.alert ?? "", ...budgetCells(episode), pictureOf(episode)]);
    }
    parts.push(table.toString(), pc.dim("measured / longest predicted; from the fault, and from the removal of the fault for resolved"));
  }
  if (others.length > 0) {
    const table = new Table({ head: ["", "control", "what was done", "fired -> notified"], style: { head: [], compact: true } });
    for (const { passed, id, title, ...rest } of others) {
      table.push([mark(passed), id, title, pictureOf({ passed, id, title, ...rest })]);
    }
    parts.push(table.toString());
  }
  for (const episode of report.episodes.filter(({ passed }) => !passed)) {
    parts.push(pc.red(`${episode.id} failed`), ...reasons(episode));
  }
  const count = report.episodes.filter(({ passed }) => passed).length;
  parts.push(`${count} of ${report.episodes.length} passed in ${duration(report.durationMs)}`);
  return parts.join("\n");
}

