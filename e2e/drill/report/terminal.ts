import Table from "cli-table3";
import { createLogUpdate } from "log-update";
import pc from "picocolors";
import type { EpisodeResult } from "../episodeRun.ts";
import type { Episode } from "../episodes/episode.ts";
import type { Phase } from "../judge/timeline.ts";
import { reasons } from "./markdown.ts";
import type { DrillReport, EpisodeReport } from "./results.ts";
import { BUDGET_HEAD, BUDGET_NOTE, budgetCells, duration, pictureOf } from "./text.ts";

type State = { readonly text: string; readonly sinceMs: number; readonly done?: true };

const REFRESH_MS = 250;

/** Live progress of a drill: a table that is redrawn on a terminal, otherwise a line for each step. */
export class Progress implements Disposable {
  readonly #episodes: readonly Episode[];
  readonly #nameColumns: number;
  readonly #states = new Map<string, State>();
  readonly #startedAtMs = Date.now();
  readonly #output: NodeJS.WriteStream;
  readonly #draw: ReturnType<typeof createLogUpdate> | undefined;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(episodes: readonly Episode[], output: NodeJS.WriteStream) {
    this.#episodes = episodes;
    this.#nameColumns = Math.max(...episodes.map(({ id }) => id.length));
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
    this.#output.write(`${at} s  ${id.padEnd(this.#nameColumns)} ${state.text}\n`);
  }

  #redraw(): void {
    const lines = this.#episodes.map(({ id }) => {
      const state = this.#states.get(id);
      if (state === undefined) return pc.dim(`  ${id.padEnd(this.#nameColumns)} waits`);
      const since = state.done ? "" : pc.dim(` for ${((Date.now() - state.sinceMs) / 1000).toFixed(1)} s`);
      return `  ${id.padEnd(this.#nameColumns)} ${state.text}${since}`;
    });
    this.#draw?.([`Fire drill, ${duration(Date.now() - this.#startedAtMs)}`, ...lines].join("\n"));
  }
}

/** Columns of a terminal, borders included. */
const TERMINAL_COLUMNS = 80;
const NAME_COLUMNS = 18;

/** The report as tables for a terminal of 80 columns. */
export function renderTables(report: DrillReport): string {
  const faults = report.episodes.filter(({ kind }) => kind === "fault");
  const others = report.episodes.filter(({ kind }) => kind !== "fault");
  const name = ({ passed, id }: EpisodeReport) => `${passed ? pc.green("✓") : pc.red("✗")} ${foldedId(id)}`;
  const parts: string[] = [];
  if (faults.length > 0) {
    parts.push(
      table(
        ["fault", ...BUDGET_HEAD],
        faults.map((episode) => [
          name(episode),
          ...budgetCells(episode).map((cell) => cell.replaceAll(/ (of|in|to) /g, "\n$1 ")),
        ]),
      ),
      pc.dim(wrapped(BUDGET_NOTE)),
      table(
        ["fault", "fired -> notified"],
        faults.map((episode) => [name(episode), pictureOf(episode)]),
      ),
    );
  }
  if (others.length > 0) {
    const rows = others.map((episode) => [name(episode), episode.title, pictureOf(episode)]);
    parts.push(table(["baseline", "what was done", "fired -> notified"], rows));
  }
  for (const episode of report.episodes.filter(({ passed }) => !passed)) {
    parts.push(pc.red(`${episode.id} failed`), ...reasons(episode));
  }
  const count = report.episodes.filter(({ passed }) => passed).length;
  parts.push(`${count} of ${report.episodes.length} passed in ${duration(report.durationMs)}`);
  return parts.join("\n");
}

/** The first column is as wide as a name needs, the others share the rest; longer texts are wrapped at words. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const others = head.length - 1;
  const width = Math.floor((TERMINAL_COLUMNS - NAME_COLUMNS - head.length - 1) / others);
  const drawn = new Table({
    head: [...head],
    colWidths: [NAME_COLUMNS, ...Array<number>(others).fill(width)],
    style: { head: [], compact: true },
    wordWrap: true,
  });
  drawn.push(...rows.map((row) => [...row]));
  return drawn.toString();
}

/** An id that fits into the first column beside its mark: in lines that end at hyphens. */
function foldedId(id: string): string {
  const columns = NAME_COLUMNS - " ✓  ".length;
  const lines = [""];
  for (const part of id.split(/(?<=-)/)) {
    const line = `${lines.at(-1)}${part}`;
    if (line.length <= columns) lines[lines.length - 1] = line;
    else lines.push(part);
  }
  return lines.join("\n  ");
}

function wrapped(text: string): string {
  return text.replaceAll(new RegExp(`(.{1,${TERMINAL_COLUMNS}})(?:\\s+|$)`, "g"), "$1\n").trimEnd();
}
