import { basename, dirname } from "node:path";
import { pino, stdTimeFunctions } from "pino";
import { createStream } from "rotating-file-stream";
import { type Clock, systemClock } from "./clock.ts";
import type { Config } from "./config.ts";

export type Log = import("pino").Logger;

/** The destination of log lines. */
export type LogSink = {
  /** Writes one line of JSON, including its line end. */
  write(line: string): void;
  /** Resolves when all lines are written. */
  close(): Promise<void>;
};

/** Level names that the runbook searches for, where they differ from those of pino. */
const LEVEL_WORDS: Record<string, string> = { fatal: "CRITICAL" };

/**
 * Creates a logger with structured fields, ISO times and level names (`ERROR`, `CRITICAL`, ...). Setting `log.level` at
 * run time also changes children that have no level of their own.
 *
 * @param secrets texts that are redacted anywhere in a line
 * @param fields added to each line
 */
export function createLog(
  level: string,
  sink: Pick<LogSink, "write">,
  secrets: readonly string[] = [],
  fields: Readonly<Record<string, string>> = {},
): Log {
  return pino(
    {
      level,
      base: { ...fields },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: LEVEL_WORDS[label] ?? label.toUpperCase() }) },
    },
    { write: secrets.length === 0 ? sink.write : (line: string) => sink.write(scrub(line, secrets)) },
  );
}

// If the reader of standard output or standard error ends first, the output ends, but not the service.
let stdoutOpen = true;
process.stdout.on("error", () => {
  stdoutOpen = false;
});
process.stderr.on("error", () => undefined);

/** Standard output only. The main process forwards the lines of its workers. */
export const stdoutSink: LogSink = {
  write: (line) => {
    if (stdoutOpen) process.stdout.write(line);
  },
  close: () => new Promise((resolve) => (stdoutOpen ? process.stdout.write("", () => resolve()) : resolve())),
};

/** How long a log file that could not be written is left alone. */
const REOPEN_AFTER_MS = 10_000;

/**
 * Standard output and, if configured, a log file. The file is rotated by size; the current one keeps its name. What cannot be
 * written, such as on a full disk, stops neither the service nor standard output, and the file is opened again later.
 */
export function openLogSink(config: Config["log"], { monotonicMs }: Pick<Clock, "monotonicMs"> = systemClock): LogSink {
  if (config.file === "") return stdoutSink;
  const open = () => {
    const stream = createStream(basename(config.file), {
      path: dirname(config.file),
      size: `${config.fileMaxBytes}B`,
      rotate: config.filesKept,
    });
    return stream.on("error", (error) => {
      if (file !== stream) return;
      file = undefined;
      failedMs = monotonicMs();
      process.stderr.write(`log file: ${error.message}\n`);
    });
  };
  let failedMs = Number.NEGATIVE_INFINITY;
  let file: ReturnType<typeof open> | undefined = open();
  return {
    write: (line) => {
      stdoutSink.write(line);
      if (file === undefined && monotonicMs() - failedMs >= REOPEN_AFTER_MS) file = open();
      file?.write(line);
    },
    close: async () => {
      const last = file;
      if (last !== undefined) await new Promise<void>((resolve) => last.end(() => resolve()));
      await stdoutSink.close();
    },
  };
}

/** The secrets of the configuration, for `createLog`. */
export function secretsOf(config: Config): string[] {
  const inUrl = URL.parse(config.redis.url)?.password ?? "";
  return [
    config.http.adminToken,
    config.redis.password,
    config.redis.sentinelPassword,
    config.redis.tls.key,
    config.upstreams.chat.apiKey,
    inUrl,
    decodeURIComponent(inUrl),
  ]
    .filter((secret) => secret !== undefined && secret !== "")
    .map(String);
}

function scrub(line: string, secrets: readonly string[]): string {
  return secrets.reduce((text, secret) => text.replaceAll(JSON.stringify(secret).slice(1, -1), "[redacted]"), line);
}
