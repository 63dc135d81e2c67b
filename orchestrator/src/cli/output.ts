import { styleText } from "node:util";
import Table from "cli-table3";

/** Input and output of the CLI. A terminal gets tables and colours, everything else gets plain lines. */
export type Io = {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly readInput: () => Promise<string>;
  readonly terminal: boolean;
  /** Waits between two readings of a command that watches; rejects when there is to be no further one. */
  readonly pause: (durationMs: number) => Promise<void>;
};

type Row = Readonly<Record<string, unknown>>;

/** Colours of words on a terminal. */
const COLOURS: Readonly<Record<string, Parameters<typeof styleText>[0]>> = {
  completed: "green",
  running: "cyan",
  retrying: "yellow",
  delayed: "yellow",
  failed: "red",
  yes: "green",
  no: "red",
  restarting: "red",
  stopping: "yellow",
};

/** Prints values as JSON, or for people. */
export class Output {
  readonly #io: Io;
  readonly #json: boolean;

  constructor(io: Io, json: boolean) {
    this.#io = io;
    this.#json = json;
  }

  /** Prints rows with the given columns; with --json, the whole answer. */
  rows(answer: unknown, rows: readonly Row[], columns: readonly string[]): void {
    if (this.#json) this.#printJson(answer);
    else if (!this.#io.terminal) this.#printLines(rows, columns);
    else if (rows.length === 0) this.#io.out("nothing\n");
    else this.#printTable(rows, columns);
  }

  #printLines(rows: readonly Row[], columns: readonly string[]): void {
    const lines = rows.map((row) => columns.map((column) => oneLine(plain(row[column]))).join("\t"));
    this.#io.out([columns.join("\t"), ...lines].map((line) => `${line}\n`).join(""));
  }

  #printTable(rows: readonly Row[], columns: readonly string[]): void {
    const table = new Table({ head: columns.map((column) => styleText("bold", column, ALWAYS)), style: { head: [] } });
    for (const row of rows) table.push(columns.map((column) => coloured(plain(row[column]))));
    this.#io.out(`${table.toString()}\n`);
  }

  /** Prints an object, one line per member. */
  record(answer: unknown): void {
    if (this.#json || typeof answer !== "object" || answer === null) {
      this.#printJson(answer);
      return;
    }
    for (const [name, value] of Object.entries(answer)) {
      const text = typeof value === "object" && value !== null ? JSON.stringify(value, null, 2) : plain(value);
      this.#io.out(
        this.#io.terminal ? `${styleText("bold", name, ALWAYS)}: ${coloured(text)}\n` : `${name}\t${oneLine(text)}\n`,
      );
    }
  }

  #printJson(answer: unknown): void {
    this.#io.out(`${JSON.stringify(answer ?? null, null, 2)}\n`);
  }
}

/** Always styles: the caller has checked for a terminal. */
const ALWAYS = { validateStream: false } as const;

function coloured(text: string): string {
  const colour = COLOURS[text];
  return colour === undefined ? text : styleText(colour, text, ALWAYS);
}

function plain(value: unknown): string {
  if (value === undefined || value === null) return "-";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}
