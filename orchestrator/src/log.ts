import { basename, dirname } from "node:path";
import { pino, stdTimeFunctions } from "pino";
import { createStream } from "rotating-file-stream";
import type { Config } from "./config.ts";

export type Log = import("pino").Logger;

/** Where finished lines go. */
export type LogSink = {
  /** Takes one line of JSON with its line end. */
  write(line: string): void;
  /** Resolves when everything is written. */
  close(): Promise<void>;
};

/** pino's names, in the words that the runbook greps for. */
const LEVEL_WORDS: Record<string, string> = { fatal: "CRITICAL" };

/** Children above this number are looked through for those that are no longer referenced. */
const MANY_CHILDREN = 1_000;

/**
 * A logger with structured fields, ISO times and level words (`ERROR`, `CRITICAL`, ...). Setting `log.level` changes the
 * level while running, also of the children that it has had so far.
 *
 * @param secrets texts that must never reach the sink, wherever they turn up
 * @param fields on every line
 */
export function createLog(
  level: string,
  sink: Pick<LogSink, "write">,
  secrets: readonly string[] = [],
  fields: Readonly<Record<string, string>> = {},
): Log {
  let children: WeakRef<Log>[] = [];
  const log = pino(
    {
      level,
      base: { ...fields },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: LEVEL_WORDS[label] ?? label.toUpperCase() }) },
      // A child of pino keeps the level that it was born with.
      onChild: (child) => {
        if (children.length > MANY_CHILDREN) children = children.filter((ref) => ref.deref() !== undefined);
        children.push(new WeakRef(child));
      },
    },
    { write: secrets.length === 0 ? sink.write : (line: string) => sink.write(scrub(line, secrets)) },
  );
  log.on("level-change", (label) => {
    for (const ref of children) {
      const child = ref.deref();
      if (child !== undefined && child.level !== label) child.level = label;
    }
  });
  return log;
}

// The reader of our output may end before us. That ends the output and not the service.
let stdoutOpen = true;
process.stdout.on("error", () => {
  stdoutOpen = false;
});

/** Standard output alone: what a worker writes to, for the main process to pass on. */
export const stdoutSink: LogSink = {
  write: (line) => {
    if (stdoutOpen) process.stdout.write(line);
  },
  close: () => new Promise((resolve) => (stdoutOpen ? process.stdout.write("", () => resolve()) : resolve())),
};

/** Standard output, and the log file where one is configured: rotated by size, the current one always under its own name. */
export function openLogSink(config: Config["log"]): LogSink {
  if (config.file === "") return stdoutSink;
  const file = createStream(basename(config.file), {
    path: dirname(config.file),
    size: `${config.fileMaxBytes}B`,
    rotate: config.filesKept,
  });
  // A full disk must not stop the service: standard output still has every line.
  file.on("error", (error) => process.stderr.write(`log file: ${error.message}\n`));
  return {
    write: (line) => {
      stdoutSink.write(line);
      file.write(line);
    },
    close: () => new Promise((resolve) => file.end(() => stdoutSink.close().then(resolve))),
  };
}

/** The secrets of the configuration, as `createLog` wants them. */
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
